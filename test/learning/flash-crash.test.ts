import { describe, expect, test } from 'vitest';
import { withoutFlashCrashes } from '../../src/learning/flash-crash.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

const MIN_US = 60e6;
const HORIZON_MIN = 60;
const HORIZON_US = HORIZON_MIN * MIN_US;

type Row = { decidedTs: number; labelEndTs: number; forwardReturn: number };

/** A decision a minute on a quiet walk of log prices that `change` has bent. */
function drawRows(change: (minute: number) => number, count = 2000): Row[] {
  const random = seededRandom(4);
  const logs = [0];
  for (let i = 1; i <= count + HORIZON_MIN; i++) logs.push(logs[i - 1]! + 1e-4 * gaussian(random));
  const price = (minute: number): number => Math.exp(logs[minute]! + change(minute));
  return Array.from({ length: count }, (_, i) => ({
    decidedTs: i * MIN_US,
    labelEndTs: i * MIN_US + HORIZON_US,
    forwardReturn: price(i + HORIZON_MIN) / price(i) - 1,
  }));
}

const leftOut = (rows: readonly Row[], horizonUs = HORIZON_US): number[] => {
  const all = Uint32Array.from(rows, (_, i) => i);
  const kept = new Set(withoutFlashCrashes(rows, all, horizonUs));
  return [...all].filter((index) => !kept.has(index));
};

const minutes = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

describe('rows of a flash crash', () => {
  test('are left out: those that end in the trough and those that begin in it', () => {
    const crash = drawRows((minute) => (minute >= 1000 && minute < 1004 ? -0.05 : 0));
    expect(leftOut(crash)).toEqual([...minutes(1000 - HORIZON_MIN, 4), ...minutes(1000, 4)]);
    const spike = drawRows((minute) => (minute >= 1000 && minute < 1004 ? 0.05 : 0));
    expect(leftOut(spike)).toEqual(leftOut(crash));
  });

  test('are none where nothing out of the usual happened', () => {
    expect(leftOut(drawRows(() => 0))).toEqual([]);
    expect(
      leftOut(drawRows(() => 0).map((row) => Object.assign(row, { forwardReturn: 0 }))),
    ).toEqual([]);
  });

  test('are none where the jump stayed, or came back by less than half', () => {
    expect(leftOut(drawRows((minute) => (minute >= 1000 ? -0.05 : 0)))).toEqual([]);
    const third = (minute: number): number => (minute < 1004 ? -0.05 : -0.033);
    expect(leftOut(drawRows((minute) => (minute >= 1000 ? third(minute) : 0)))).toEqual([]);
  });

  test('are told by the indices given alone', () => {
    const rows = drawRows((minute) => (minute >= 1000 && minute < 1004 ? -0.05 : 0));
    const before = Uint32Array.from(rows.keys()).filter((index) => index < 990);
    expect(withoutFlashCrashes(rows, before, HORIZON_US)).toEqual(before);
    expect(withoutFlashCrashes(rows, new Uint32Array(), HORIZON_US)).toHaveLength(0);
  });
});
