/**
 * The point-in-time join by hand: boundaries, ties, revisions, and nothing dropped. The second
 * program that it is held against row for row is `test/oracle/point-in-time.py`.
 */
import { describe, expect, test } from 'vitest';
import { joinedRows, type Feature } from './staged.ts';

/** Served at once: decided and known two seconds behind the end of its candle. */
const served = (ts: number, x: number, more: Partial<Feature> = {}): Feature => ({
  ts,
  decided_ts: ts + 2,
  known_at: ts + 2,
  revision: 0,
  x,
  ...more,
});

const answers = async (...request: Parameters<typeof joinedRows>): Promise<(number | null)[]> =>
  (await joinedRows(...request)).map(({ x }) => x);

describe('a request has the latest feature row', () => {
  const features = [[served(60, 1), served(120, 2)]];

  test('that was decided at or before it, its very moment included', async () => {
    const times = [61, 62, 121, 122, 123];
    const requests = times.map((at) => [0, at] as const);
    expect(await answers({ features, requests })).toEqual([null, 1, 1, 2, 2]);
  });

  test('of its own instrument', async () => {
    const both = [[served(60, 1), served(90, 7, { of: 1 })]];
    const requests = [0, 1, 2].map((of) => [of, 100] as const);
    expect(await answers({ features: both, requests })).toEqual([1, 7, null]);
  });

  test('of two that were decided at once, the one of the later candle', async () => {
    const tied = [[served(60, 1, { decided_ts: 122 }), served(120, 2), served(90, 3)]];
    const order = [0, 1, 2].map((at) => tied[0]!.toSpliced(at, 1).concat(tied[0]![at]!));
    for (const rows of order) {
      expect(await answers({ features: [rows], requests: [[0, 122]] })).toEqual([2]);
    }
  });

  test('not one that arrived later and describes an earlier candle', async () => {
    const late = [[served(60, 1), served(120, 2), served(90, 9, { decided_ts: 130 })]];
    expect(await answers({ features: late, requests: [[0, 140]] })).toEqual([2]);
  });

  test('but none that is older than was asked for, with its age counted from its ts', async () => {
    const requests = [
      [0, 180],
      [0, 181],
    ] as const;
    const rows = await joinedRows({ features, requests, maxAge: 60 });
    expect(rows.map(({ x, missing }) => [x, missing])).toEqual([
      [2, null],
      [null, 'too_old'],
    ]);
  });
});

describe('revisions', () => {
  const revised = [
    [
      served(60, 1),
      served(60, 10, { revision: 1, known_at: 500 }),
      served(60, 100, { revision: 2, known_at: 900 }),
      served(120, 2),
    ],
  ];

  test('as known at a request, none that was written later', async () => {
    const requests = [62, 100, 121].map((at) => [0, at] as const);
    expect(await answers({ features: revised, requests, known: 'request' })).toEqual([1, 1, 1]);
  });

  test('as known at the as-of, the highest that is staged', async () => {
    const requests = [62, 100, 121, 122].map((at) => [0, at] as const);
    expect(await answers({ features: revised, requests })).toEqual([100, 100, 100, 2]);
  });

  test('a request between two has the first, at the second it has the second', async () => {
    const only = [revised[0]!.slice(0, 3)];
    const requests = [499, 500, 899, 900].map((at) => [0, at] as const);
    expect(await answers({ features: only, requests, known: 'request' })).toEqual([1, 10, 10, 100]);
  });

  test('a revision of an older candle does not hide a newer candle', async () => {
    expect(await answers({ features: revised, requests: [[0, 950]], known: 'request' })).toEqual([
      2,
    ]);
  });

  test('history that was fed afterwards counts as of its candle, or not yet', async () => {
    const backfilled = [[served(60, 5, { revision: 1, decided_ts: 800, known_at: 800 })]];
    const requests = [59, 60, 799, 800].map((at) => [0, at] as const);
    expect(await answers({ features: backfilled, requests })).toEqual([null, 5, 5, 5]);
    expect(await answers({ features: backfilled, requests, known: 'request' })).toEqual([
      null,
      null,
      null,
      5,
    ]);
  });
});

describe('decisions', () => {
  test('are the rows, once each, however often they were delivered', async () => {
    const thrice = Array.from({ length: 3 }, () => [served(60, 1), served(120, 2)]).flat();
    const labels = Array.from({ length: 3 }, () => ({ ts: 60, revision: 0, up: 1 as const }));
    const rows = await joinedRows({ features: [thrice], labels, requests: null });
    expect(rows.map(({ ts, x, up, missing }) => [ts, x, up, missing])).toEqual([
      [60, 1, 1, null],
      [120, 2, null, 'immature'],
    ]);
  });

  test('two that were decided by one tick are two', async () => {
    const rows = [[served(60, 1, { decided_ts: 122 }), served(120, 2)]];
    expect(await answers({ features: rows, requests: null })).toEqual([1, 2]);
  });

  test('lack what a reason names, the first that applies', async () => {
    const empty = { x: null };
    const joinRows = [served(60, 1), served(120, 0, empty), served(180, 3), served(240, 0, empty)];
    const features = [joinRows];
    const labels = [
      { ts: 60, revision: 0, up: 0 as const },
      { ts: 120, revision: 0, up: 1 as const },
      { ts: 180, revision: 0, up: 1 as const },
      { ts: 180, revision: 1, up: null, void_reason: 'gap' },
    ];
    const rows = await joinedRows({ features, labels, requests: null });
    expect(rows.map(({ missing }) => missing)).toEqual([
      null,
      'warming_up',
      'void_gap',
      'immature',
    ]);
  });

  test('another feature set is joined as of their moment', async () => {
    const second = [served(30, 7), served(90, 8, { decided_ts: 122 }), served(110, 9)];
    const rows = await joinedRows({
      features: [[served(60, 1), served(120, 2)], second],
      requests: null,
    });
    expect(rows.map(({ x, x1 }) => [x, x1])).toEqual([
      [1, 7],
      [2, 9],
    ]);
  });
});
