/**
 * The log is cut off at random moments: whatever had been known by then has to come out the same,
 * features and labels alike. What peeks into the future cannot, so two that peek are planted.
 */
import { describe, expect, test } from 'vitest';
import { must } from '../../../src/assert.ts';
import { parseUs, US_PER_DAY } from '../../../src/domain/time.ts';
import type { TradeTick } from '../../../src/domain/wire.ts';
import { mergedTrades } from '../../../src/market/merged.ts';
import { seededRandom } from '../../../src/random.ts';
import { gradedMarket, type Graded } from '../../support/loop.ts';

const FROM = parseUs('2026-03-01');
const DAYS = 3;
const MOMENTS = 12;

const market = { seed: 4, venue: 'v', symbols: ['CUT/USD'], rate: 0.05, edge: 'planted' } as const;
const ticks: TradeTick[] = [
  ...mergedTrades({ ...market, fromUs: FROM, toUs: FROM + DAYS * US_PER_DAY }),
].map(({ tick }) => tick);

const random = seededRandom(11);
const moments = Array.from(
  { length: MOMENTS },
  () => FROM + Math.floor((0.2 + 0.8 * random()) * DAYS * US_PER_DAY),
);

interface Known {
  readonly at: number;
  readonly value: string;
}
type Output = (graded: Graded) => ReadonlyMap<string, Known>;

const features: Output = (graded) =>
  new Map(
    graded.features.map(({ ts, decided_ts: at, values }) => [
      `feature ${ts}`,
      { at, value: JSON.stringify(values) },
    ]),
  );
const labels: Output = (graded) =>
  new Map(
    graded.labels.map(({ ts, label_known_at: at, ...row }) => [
      `label ${ts}`,
      { at, value: JSON.stringify([row.state, row.up, row.forward_return, row.exit_ts]) },
    ]),
  );

const wholeRun = gradedMarket(ticks);
const cutRuns = moments.map((moment) => gradedMarket(ticks.filter(({ ts }) => ts <= moment)));

/** What was known by a moment in the whole run, and is missing or another in the one cut off. */
function peeked(output: Output): string[] {
  const whole = output(wholeRun);
  return moments.flatMap((moment, i) => {
    const cut = output(must(cutRuns[i]));
    const known = [...whole].filter(([, { at }]) => at <= moment);
    expect(known.length).toBeGreaterThan(100);
    return known
      .filter(([name, { value }]) => cut.get(name)?.value !== value)
      .map(([name]) => name);
  });
}

describe('a log that is cut off anywhere', () => {
  test('gives the same features of what was known by then', () => {
    expect(peeked(features)).toEqual([]);
  });

  test('gives the same labels of what was known by then', () => {
    expect(peeked(labels)).toEqual([]);
  });

  test('gives away a feature that peeks at the next decision', () => {
    const peeking: Output = (graded) => {
      const plain = [...features(graded)];
      return new Map(
        plain.map(([name, { at, value }], i) => [
          name,
          { at, value: value + plain[i + 1]?.[1].value },
        ]),
      );
    };
    expect(peeked(peeking).length).toBeGreaterThanOrEqual(MOMENTS);
  });

  test('gives away a label that is joined at its decision', () => {
    const early: Output = (graded) => {
      const decided = new Map(graded.features.map(({ ts, decided_ts: at }) => [ts, at]));
      const joined = graded.labels.map(({ ts, forward_return }) => {
        const at = must(decided.get(ts), 'a decision has its feature');
        return [`label ${ts}`, { at, value: String(forward_return) }] as const;
      });
      return new Map(joined);
    };
    // At each moment those of the hour before it, which is one a minute where there are trades.
    expect(peeked(early).length).toBeGreaterThan(MOMENTS * 30);
  });
});
