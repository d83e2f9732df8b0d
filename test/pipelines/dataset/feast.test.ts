/**
 * What users of Feast complain about, answered here. The third one, #2980 (the same query gives the
 * same set after a backfill), needs tables: `test/integration/datasets.int.test.ts`.
 */
import { expect, test } from 'vitest';
import { joinedRows } from './staged.ts';

const first = { ts: 60, decided_ts: 62, known_at: 62, revision: 0, x: 1 };

test('Feast #6615: a value that was written after a request does not get into it', async () => {
  const corrected = { ...first, known_at: 1_000, revision: 1, x: 100 };
  const late = { ts: 120, decided_ts: 122, known_at: 2_000, revision: 0, x: 2 };
  const features = [[first, corrected, late]];
  const times = [130, 999, 1_000, 1_999, 2_000];
  const requests = times.map((at) => [0, at] as const);
  const rows = await joinedRows({ features, requests, known: 'request' });
  expect(rows.map(({ x }) => x)).toEqual([1, 1, 100, 100, 2]);
});

test('Feast #6787: no request row is dropped or merged with its equal', async () => {
  // Without a feature row, twice the same, of an instrument that nobody knows, in no order.
  const requests = [
    [0, 100],
    [0, 10],
    [0, 100],
    [2, 100],
    [1, 61],
    [0, 62],
  ] as const;
  const rows = await joinedRows({ features: [[first]], requests });
  expect(rows.map(({ request_row: row, x, missing }) => [row, x, missing])).toEqual([
    [0, 1, null],
    [1, null, 'no_feature'],
    [2, 1, null],
    [3, null, 'no_feature'],
    [4, null, 'no_feature'],
    [5, 1, null],
  ]);
});
