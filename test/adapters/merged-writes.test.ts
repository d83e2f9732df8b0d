import { describe, expect, test } from 'vitest';
import { mergedWrites } from '../../src/adapters/merged-writes.ts';
import type { QuestTable, RowWriter, WriteOptions } from '../../src/tables/questdb/table.ts';
import { ticks } from '../../src/tables/questdb/ticks.ts';
import { candles } from '../../src/tables/questdb/candles.ts';
import { tradeRow } from '../support/trade-row.ts';

const row = (id: string) => ({ ...tradeRow, id });
type Row = ReturnType<typeof row>;

interface Seen {
  readonly table: string;
  readonly ids: string[];
  readonly heartbeat: WriteOptions['heartbeat'];
  readonly end: (failure?: Error) => void;
}

/** A writer that says nothing until it is told to; it refuses every row whose id begins with x. */
function slowWriter(): { writer: RowWriter; seen: Seen[] } {
  const seen: Seen[] = [];
  const writer: RowWriter = {
    write(table: QuestTable<never>, rows: readonly object[], options: WriteOptions = {}) {
      return new Promise((resolve, reject) => {
        const refused = (rows as Row[]).filter(({ id }) => id.startsWith('x'));
        seen.push({
          table: table.name,
          ids: (rows as Row[]).map(({ id }) => id),
          heartbeat: options.heartbeat,
          end: (failure) => {
            if (failure !== undefined) reject(failure);
            else resolve(refused.map((one) => ({ row: one as never, message: 'refused' })));
          },
        });
      });
    },
  };
  return { writer, seen };
}

const aTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('merged writes', () => {
  test('of one turn go together, those that come meanwhile go together after them', async () => {
    const { writer, seen } = slowWriter();
    const merged = mergedWrites(writer);
    const ends: string[] = [];
    const write = async (id: string): Promise<void> => {
      await merged.write(ticks, [row(id)]);
      ends.push(id);
    };
    const all = [write('1'), write('2')];
    await aTurn();
    all.push(write('3'), write('4'));
    await aTurn();
    expect(seen.map(({ ids }) => ids)).toEqual([['1', '2']]);
    seen[0]?.end();
    await aTurn();
    expect(ends).toEqual(['1', '2']);
    expect(seen.map(({ ids }) => ids).slice(1)).toEqual([['3', '4']]);
    seen[1]?.end();
    await Promise.all(all);
    void write('5');
    await aTurn();
    expect(seen[2]?.ids).toEqual(['5']);
  });

  test('of another table, or with a signal of its own, wait for nothing', async () => {
    const { writer, seen } = slowWriter();
    const merged = mergedWrites(writer);
    void merged.write(ticks, [row('1')]);
    await aTurn();
    void merged.write(candles, []);
    void merged.write(ticks, [row('2')], { signal: new AbortController().signal });
    await aTurn();
    expect(seen.map(({ table, ids }) => [table, ids])).toEqual([
      ['ticks', ['1']],
      ['ticks', ['2']],
      ['candles', []],
    ]);
  });

  test('give each its own refused rows, equal ones too', async () => {
    const { writer, seen } = slowWriter();
    const merged = mergedWrites(writer);
    const [first, second] = [[row('x'), row('1')], [row('x')]];
    const all = Promise.all([first, second, [row('2')]].map((rows) => merged.write(ticks, rows)));
    await aTurn();
    seen[0]?.end();
    const refused = (await all).map((rejected) => rejected.map(({ row: one }) => one));
    expect(refused.map((rows) => rows.length)).toEqual([1, 1, 0]);
    expect(refused[0]?.[0]).toBe(first[0]);
    expect(refused[1]?.[0]).toBe(second[0]);
  });

  test('fail together, and the next ones go on', async () => {
    const { writer, seen } = slowWriter();
    const merged = mergedWrites(writer);
    const failed = ['1', '2'].map((id) => expect(merged.write(ticks, [row(id)])).rejects.toThrow());
    await aTurn();
    const next = merged.write(ticks, [row('3')]);
    seen[0]?.end(new Error('QuestDB is away'));
    await Promise.all(failed);
    await aTurn();
    seen[1]?.end();
    await expect(next).resolves.toEqual([]);
  });

  test('beat for everybody who waits', async () => {
    const { writer, seen } = slowWriter();
    const merged = mergedWrites(writer);
    const beats: string[] = [];
    for (const id of ['1', '2']) {
      void merged.write(ticks, [row(id)], { heartbeat: () => void beats.push(id) });
    }
    await aTurn();
    void merged.write(ticks, [row('3')], { heartbeat: () => void beats.push('3') });
    await seen[0]?.heartbeat?.();
    expect(beats).toEqual(['1', '2', '3']);
  });
});
