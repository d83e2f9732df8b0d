/** A row may be known once its ticks are and the watermark has passed, and not before. */
import { expect, test } from 'vitest';
import { tooEarly } from '../../../pipelines/quality/look-ahead.ts';

const at = (ts: number, knownAt: number) => ({ ts, knownAt });
const LOG = {
  ticks: [at(10, 11), at(20, 35), at(30, 33), at(50, 52), at(70, 71)],
  arrivals: [at(10, 11), at(20, 35), at(30, 33), at(45, 46), at(50, 52), at(70, 71)],
  latenessUs: 5,
};

test('a row is known when the watermark passed, or when the last of its ticks came', () => {
  expect(tooEarly([at(15, 35), at(25, 35), at(40, 46), at(60, 71)], LOG)).toEqual([]);
});

test('one microsecond before that is a finding, with the time from which it holds', () => {
  // Behind 15 + 5 lies first what was known at 33; its own tick was known at 11.
  expect(tooEarly([at(15, 32)], LOG)).toEqual([{ ts: 15, knownAt: 32, possibleAt: 33 }]);
  // Its own tick of 20 was known later than what let the watermark pass.
  expect(tooEarly([at(25, 34)], LOG)).toEqual([{ ts: 25, knownAt: 34, possibleAt: 35 }]);
  expect(tooEarly([at(40, 45)], LOG)).toEqual([{ ts: 40, knownAt: 45, possibleAt: 46 }]);
});

test('a row that nothing stored lets pass cannot have been served', () => {
  expect(tooEarly([at(66, 99)], LOG)).toEqual([{ ts: 66, knownAt: 99, possibleAt: null }]);
});
