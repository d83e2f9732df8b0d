/** What lacks labels -> jobs; decisions -> sets; and by which prices each is graded. */
import { describe, expect, test } from 'vitest';
import { US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { nearOnes } from '../../pipelines/labels/label-sets.ts';
import { sourceAt } from '../../pipelines/grades/price-source.ts';
import { MANY_MARKETS } from '../../src/queue/queue-names.ts';
import { labelJobs } from '../../src/app/job-sweeps.ts';
import { ONE_BY_ONE, type PendingLabels } from '../../src/questdb/tables/pending-labels.ts';

const SPEC = 'direction_1h@1';

const pending = (count: number, from_ts: number, label_spec = SPEC): PendingLabels[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ venue: `v${from_ts}`, symbol: `S${i}`, label_spec, pending: 1 },
    ...{ from_ts: from_ts + i, decidedByUs: from_ts + US_PER_HOUR },
  }));
const subjects = (found: readonly PendingLabels[], bySet = true): string[] =>
  labelJobs(found, bySet).map(({ subject }) => subject);

describe('jobs of labels', () => {
  test('are one for each instrument where these are few', () => {
    const found = pending(ONE_BY_ONE, 0);
    expect(labelJobs(found, true)).toEqual(
      found.map(({ symbol, from_ts, decidedByUs }) => ({
        ...{ subject: `v0:${symbol}`, labelSpec: SPEC, fromTs: from_ts, dueTs: decidedByUs },
      })),
    );
  });

  test('are one for all where these are many, from the oldest decision on', () => {
    const [job, ...more] = labelJobs(pending(50_000, 7).toReversed(), true);
    expect(more).toEqual([]);
    expect(job).toMatchObject({ subject: MANY_MARKETS, labelSpec: SPEC, fromTs: 7 });
  });

  test('of a later hour come behind; few of an earlier one keep nobody', () => {
    const [old, first, second] = [
      pending(2, 0),
      pending(30, 5 * US_PER_HOUR),
      pending(30, 6 * US_PER_HOUR),
    ];
    const jobs = labelJobs([...second, ...first, ...old], true);
    expect(jobs.map(({ subject }) => subject)).toEqual([MANY_MARKETS, 'v0:S0', 'v0:S1']);
    expect(jobs[0]?.fromTs).toBe(5 * US_PER_HOUR);
  });

  test('of barriers, which ask for what lies between, are one for each instrument', () => {
    const found = [...pending(30, 0, 'barrier_1h@1'), ...pending(30, 0)];
    expect(subjects(found).filter((subject) => subject === MANY_MARKETS)).toHaveLength(1);
    expect(labelJobs(found, true)).toHaveLength(31);
  });

  test('are one for each instrument while the job of all fails, a thousand at a time', () => {
    expect(new Set(subjects(pending(3_000, 0), false)).size).toBe(1_000);
    expect(subjects(pending(3_000, 0), false)).not.toContain(MANY_MARKETS);
  });
});

test('a set holds what was decided together, however long after its candle', () => {
  const at = (decided_ts: number) => ({ decided_ts });
  const sets = nearOnes([at(0), at(50 * US_PER_HOUR), at(US_PER_MIN), at(5 * US_PER_MIN)]);
  expect(sets).toEqual([[at(0), at(US_PER_MIN)], [at(5 * US_PER_MIN)], [at(50 * US_PER_HOUR)]]);
  expect(
    nearOnes(Array.from({ length: 120_000 }, () => at(1))).map(({ length }) => length),
  ).toEqual([50_000, 50_000, 20_000]);
});

test('a decision is graded by the prices that its own candle was made of', () => {
  const ends = (minute: number): number => minute * US_PER_MIN;
  const first = { mid: 0, trade: 3 * US_PER_MIN };
  expect([1, 2, 3, 4, 5].map((minute) => sourceAt(first, ends(minute)))).toEqual([
    ...['mid', 'mid', 'mid'],
    ...['trade', 'trade'],
  ]);
  expect(sourceAt({}, ends(1))).toBeNull();
  expect(sourceAt({ trade: 2 * US_PER_MIN }, ends(1))).toBeNull();
});
