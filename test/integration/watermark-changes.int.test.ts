/** Watermarks read by what has changed are those that are there, whoever writes and however late. */
import { afterAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { loadConfig } from '../../src/config/config.ts';
import { noteStored, storedWatermarks } from '../../src/postgres/tables/stored-watermarks.ts';
import { watermarkChanges } from '../../src/postgres/tables/watermark-changes.ts';

const VENUE = 'changes';
const pool = openPostgres(loadConfig().postgresUrl);
const of = (symbol: string, reachedTs: number) => ({ instrument: `${VENUE}:${symbol}`, reachedTs });

afterAll(() => pool.end());

describe('watermarks', () => {
  test('read by what has changed are those that are there', async () => {
    let nowMs = 0;
    const read = watermarkChanges(pool, () => nowMs);
    const isSame = async () => {
      const found = (await read()).toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
      expect(found).toEqual(await storedWatermarks(pool));
      return found.length;
    };
    await noteStored(pool, [of('A', 1), of('B', 1)]);
    expect(await isSame()).toBe(2);

    // A transaction that began before others ended, and that ends after they were read.
    const late = await pool.connect();
    await late.query('BEGIN');
    await late.query('UPDATE stored_watermarks SET reached_ts = 5 WHERE instrument = $1', [
      `${VENUE}:A`,
    ]);
    await noteStored(pool, [of('B', 7), of('C', 2)]);
    expect(await isSame()).toBe(3);
    await noteStored(pool, [of('D', 1)]);
    expect(await isSame()).toBe(4);
    await late.query('COMMIT');
    late.release();
    expect(await isSame()).toBe(4);
    expect((await read()).find(({ symbol }) => symbol === 'A')?.reachedTs).toBe(5);

    // One that has not come further, and one that was taken out and is seen later.
    await noteStored(pool, [of('C', 1)]);
    expect(await isSame()).toBe(4);
    await pool.query('DELETE FROM stored_watermarks WHERE instrument = $1', [`${VENUE}:D`]);
    expect(await read()).toHaveLength(4);
    nowMs = 600_000;
    expect(await isSame()).toBe(3);
  });

  test('are the very same list while nothing has changed', async () => {
    const calls: unknown[] = [];
    const rows = [{ instrument: 'v:A', reached_ts: 1, xmin: '9' }];
    const answers = [rows, [], rows, [{ ...rows[0], reached_ts: 2, xmin: '12' }], []];
    const query = (_sql: string, params: unknown[]) => {
      calls.push(params[0]);
      return Promise.resolve({ rows: answers.shift() });
    };
    const read = watermarkChanges({ query } as never, () => 0);
    const first = await read();
    expect(first).toEqual([{ venue: 'v', symbol: 'A', reachedTs: 1 }]);
    expect(await read()).toBe(first);
    // Seen again, as of a transaction that is still open beside it.
    expect(await read()).toBe(first);
    const moved = await read();
    expect(moved).toEqual([{ venue: 'v', symbol: 'A', reachedTs: 2 }]);
    expect(await read()).toBe(moved);
    expect(calls).toEqual(['0', '9', '9', '9', '12']);
  });
});
