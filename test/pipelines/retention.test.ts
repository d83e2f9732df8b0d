import { describe, expect, test } from 'vitest';
import { expiredPartitions, neededFrom } from '../../pipelines/retention.ts';
import { parseAges } from '../../src/jobs/retention.ts';

const partition = (table: string, maxTs: number) => ({ table, name: `${table}-${maxTs}`, maxTs });
const asked = {
  partitions: [partition('ticks', 9), partition('ticks', 10), partition('quotes', 1)],
  maxAgeUs: { ticks: 90 },
  nowUs: 100,
  neededFromUs: 100,
};

describe('retention', () => {
  test('drops whole partitions past their age, of tables that have one', () => {
    expect(expiredPartitions(asked)).toEqual([partition('ticks', 9)]);
    expect(expiredPartitions({ ...asked, maxAgeUs: {} })).toEqual([]);
  });

  test('keeps what a decision without its label still needs', () => {
    expect(expiredPartitions({ ...asked, neededFromUs: 9 })).toEqual([]);
    expect(expiredPartitions({ ...asked, neededFromUs: 10 })).toHaveLength(1);
  });

  test('needs what the longest horizon still spans, and what the oldest waiting decision does', () => {
    expect(neededFrom(1_000, [60, 15], [])).toBe(940);
    expect(neededFrom(1_000, [60, 15], [{ from_ts: 700 }, { from_ts: 300 }])).toBe(300);
    expect(neededFrom(1_000, [60, 15], [{ from_ts: 990 }])).toBe(940);
  });
});

describe('ages of tables', () => {
  test('are read from a text', () => {
    expect(parseAges('ticks=90d, labels=36h')).toEqual({ ticks: '90d', labels: '36h' });
  });

  test.each(['', 'ticks', 'ticks=90', 'trades=90d', 'ticks=1d=2d', 'ticks=1d,,'])(
    'are none in "%s"',
    (text) => {
      expect(() => parseAges(text)).toThrow(RangeError);
    },
  );
});
