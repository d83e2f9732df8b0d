import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  mayGo,
  neededFrom,
  type MarketTime,
  type NamedRange,
  type Partition,
  type RetentionRequest,
} from '../../../pipelines/retention/retention.ts';
import { parseAges } from '../../../pipelines/retention/job.ts';

const partition = (maxTs: number, writtenUs: number | null = maxTs): Partition => ({
  table: 'ticks',
  name: `ticks-${maxTs}`,
  minTs: maxTs - 1,
  maxTs,
  writtenUs,
});
const live = (reachedTs: number, movedUs = reachedTs): [string, MarketTime] => [
  'v:A',
  { reachedTs, movedUs },
];
const base: RetentionRequest = {
  maxAgeUs: { ticks: 90 },
  nowUs: 100,
  neededFromUs: 100,
  named: [],
  markets: new Map([live(100)]),
};
const goes = (of: Partition, request: Partial<RetentionRequest> = {}): boolean =>
  mayGo(of, ['v:A'], { ...base, ...request });

describe('retention', () => {
  test('drops whole partitions past their age, of tables that have one', () => {
    expect(goes(partition(9))).toBe(true);
    expect(goes(partition(10))).toBe(false);
    expect(goes(partition(9), { maxAgeUs: { quotes: 90 } })).toBe(false);
  });

  test('counts the age from when the newest row was written, and keeps what nobody knows of', () => {
    expect(goes(partition(2, 10))).toBe(false);
    expect(goes(partition(2, 9))).toBe(true);
    expect(goes(partition(2, null))).toBe(false);
  });

  test('keeps what is young by the time of a market in it, unless that one is silent', () => {
    expect(goes(partition(2), { markets: new Map([live(50, 99)]) })).toBe(false);
    expect(goes(partition(2), { markets: new Map([live(50, 9)]) })).toBe(true);
    expect(
      goes(partition(2), { markets: new Map([['v:A', { reachedTs: 50, movedUs: null }]]) }),
    ).toBe(false);
  });

  test('a market that is ahead decides nothing for another', () => {
    const markets = new Map([live(60, 99), ['v:B', { reachedTs: 1e12, movedUs: 99 }] as const]);
    expect(mayGo(partition(2), ['v:A', 'v:B'], { ...base, markets })).toBe(false);
  });

  test('keeps what a decision without its label still needs', () => {
    expect(goes(partition(9), { neededFromUs: 9 })).toBe(false);
    expect(goes(partition(9), { neededFromUs: 10 })).toBe(true);
  });

  test('keeps what is named, of the instruments for which it is', () => {
    const named = (of: string[] | null, fromTs: number, toTs: number): NamedRange[] => [
      { instruments: of === null ? null : new Set(of), fromTs, toTs },
    ];
    expect(goes(partition(9), { named: named(['v:A'], 9, 20) })).toBe(false);
    expect(goes(partition(9), { named: named(null, 0, 8) })).toBe(false);
    expect(goes(partition(9), { named: named(['v:B'], 0, 99) })).toBe(true);
    expect(goes(partition(9), { named: named(['v:A'], 10, 99) })).toBe(true);
  });

  test('needs what the longest horizon still spans, and what the oldest waiting decision does', () => {
    expect(neededFrom(1_000, [60, 15], [])).toBe(940);
    expect(neededFrom(1_000, [60, 15], [{ from_ts: 700 }, { from_ts: 300 }])).toBe(300);
    expect(neededFrom(1_000, [60, 15], [{ from_ts: 990 }])).toBe(940);
  });

  test('whatever the clocks and event times: nothing young, needed or named goes', () => {
    const time = fc.integer({ min: 0, max: 1_000 });
    const market = fc.record({ reachedTs: time, movedUs: fc.option(time) });
    const drawn = fc.record({
      nowUs: time,
      age: fc.integer({ min: 1, max: 500 }),
      neededFromUs: time,
      minTs: time,
      length: fc.integer({ min: 0, max: 50 }),
      writtenUs: fc.option(time),
      a: market,
      b: market,
      poisoned: fc.integer({ min: 0, max: 1_000_000 }),
      named: fc.array(fc.record({ fromTs: time, length: time, of: fc.constantFrom('v:A', 'v:C') })),
    });
    let gone = 0;
    fc.assert(
      fc.property(drawn, (d) => {
        const maxTs = d.minTs + d.length;
        const of = { ...partition(maxTs, d.writtenUs), minTs: d.minTs };
        const named = d.named.map(({ fromTs, length, of: one }) => ({
          instruments: new Set([one]),
          fromTs,
          toTs: fromTs + length,
        }));
        const markets = new Map([
          ['v:A', d.a],
          ['v:B', d.b],
          ['v:elsewhere', { reachedTs: d.poisoned, movedUs: d.nowUs }],
        ]);
        const { nowUs, neededFromUs } = d;
        const request = { maxAgeUs: { ticks: d.age }, nowUs, neededFromUs, named, markets };
        if (!mayGo(of, ['v:A', 'v:B'], request)) return;
        gone += 1;
        // By the words of the promise, one by one.
        expect(nowUs - maxTs, 'young by its rows').toBeGreaterThan(d.age);
        expect(nowUs - (d.writtenUs ?? nowUs), 'young by its writing').toBeGreaterThan(d.age);
        expect(maxTs, 'needed').toBeLessThan(neededFromUs);
        for (const { reachedTs, movedUs } of [d.a, d.b]) {
          const silent = movedUs !== null && nowUs - movedUs > d.age;
          if (!silent) expect(reachedTs - maxTs, 'young by a market').toBeGreaterThan(d.age);
        }
        for (const { instruments, fromTs, toTs } of named) {
          const overlaps = fromTs <= maxTs && toTs >= d.minTs;
          if (instruments.has('v:A')) expect(overlaps, 'named').toBe(false);
        }
      }),
      { numRuns: 20_000, seed: 7 },
    );
    expect(gone, 'some do go').toBeGreaterThan(50);
  });
});

describe('ages of tables', () => {
  test('are read from a text', () => {
    expect(parseAges('ticks=90d, labels=36h')).toEqual({ ticks: '90d', labels: '36h' });
  });

  test.each(['', 'ticks', 'ticks=90', 'trades=90d', 'ticks=1d=2d', 'ticks=1d,,', 'ticks=0d'])(
    'are none in "%s"',
    (text) => {
      expect(() => parseAges(text)).toThrow(RangeError);
    },
  );
});
