import { describe, expect, test } from 'vitest';
import { initialFloods, withinFlood } from '../../../pipelines/sink/notes.ts';
import { qualityRow } from '../../../pipelines/sink/sink.ts';
import type { QualityRow } from '../../../src/questdb/tables/quality-events.ts';

const MIN = 60_000_000;
const NOW = 29_000_000 * MIN;

const row = (n: number, symbol = 'A'): QualityRow =>
  qualityRow(
    'future',
    { ts: NOW + n, knownAt: NOW + n, source: `ticks/0/${n}` },
    { venue: 'v', symbol },
    { tick: 'trade' },
  );

describe('a flood of events', () => {
  test('has a hundred rows a minute, and one that sums up the others', () => {
    const floods = initialFloods();
    const sums = new Map<string, QualityRow>();
    const own = Array.from({ length: 5_000 }, (_, n) => withinFlood(floods, row(n), NOW, sums));
    expect(own.filter((each) => each !== null)).toHaveLength(100);
    const [sum, ...others] = sums.values();
    expect(others).toEqual([]);
    expect(sum).toMatchObject({ ts: NOW, kind: 'future', venue: 'v', source: 'ticks/0/100' });
    expect(JSON.parse(sum?.detail ?? '')).toMatchObject({
      summary: true,
      count: 4_900,
      first: 'ticks/0/100',
      last: 'ticks/0/4999',
    });
  });

  test('of one instrument and minute takes no row from another', () => {
    const floods = initialFloods();
    const sums = new Map<string, QualityRow>();
    for (let n = 0; n < 150; n++) withinFlood(floods, row(n), NOW, sums);
    expect(withinFlood(floods, row(150, 'B'), NOW, sums)).not.toBeNull();
    expect(withinFlood(floods, row(151), NOW + MIN, sums)).not.toBeNull();
    expect(Object.keys(floods.byKey), 'what is over is forgotten').toHaveLength(1);
  });

  test('is told the same however it is cut into batches', () => {
    const whole = new Map<string, QualityRow>();
    const one = initialFloods();
    for (let n = 0; n < 1_000; n++) withinFlood(one, row(n), NOW, whole);
    let state = initialFloods();
    const table = new Map<string, QualityRow>();
    for (let n = 0; n < 1_000; n++) {
      // As a checkpoint keeps it, at any place; the last row of a key wins in the table.
      state = structuredClone(state);
      const batch = new Map<string, QualityRow>();
      withinFlood(state, row(n), NOW, batch);
      for (const [key, sum] of batch) table.set(key, sum);
    }
    expect([...table]).toEqual([...whole]);
  });
});
