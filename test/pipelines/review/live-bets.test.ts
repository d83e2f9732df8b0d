/** Which rows are bet on, between whom, and in which session. */
import { describe, expect, test } from 'vitest';
import { championBets, shadowBets, type LiveOutcome } from '../../../pipelines/review/live-bets.ts';
import { probabilityBet } from '../../../src/learning/evidence/bets.ts';
import {
  sessionLength,
  sessionValues,
  type SessionRange,
  type TimedBet,
} from '../../../src/learning/evidence/sessions.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MIN, US_PER_S } from '../../../src/domain/time.ts';

const FROM = 1_000 * US_PER_DAY;
const rules = { labelSpec: 'direction_1h@1', baseProbability: 0.4, sessionUs: US_PER_DAY };

const outcome = (minute: number, more: Partial<LiveOutcome> = {}): LiveOutcome => ({
  ...{ ts: FROM + minute * US_PER_MIN, decidedTs: FROM + minute * US_PER_MIN + 2 * US_PER_S },
  ...{ modelId: 'm', probabilityUp: 0.7, expectedReturn: 0.001, verdict: 'ok' },
  ...{ up: 1, forwardReturn: 0.002 },
  ...more,
});
const minutes = (bets: readonly TimedBet[]): number[] =>
  bets.map(({ decidedTs }) => Math.floor((decidedTs - FROM) / US_PER_MIN));

describe('a shadow bets', () => {
  test('against whoever decided at the row, and against its class prior, on equal rows', () => {
    const champion = [
      outcome(0, { modelId: 'baseline@1', probabilityUp: 0.5, verdict: 'warming_up' }),
      outcome(1, { modelId: 'old', probabilityUp: 0.6 }),
      outcome(2, { modelId: 'now', probabilityUp: 0.2 }),
    ];
    const bets = shadowBets([outcome(0), outcome(1), outcome(2)], champion, rules);
    expect(bets.champion.map(({ rival }) => rival)).toEqual([null, 'old', 'now']);
    expect(bets.champion.map(({ bet }) => bet)).toEqual([
      ...[probabilityBet(0.7, 0.5, 1), probabilityBet(0.7, 0.6, 1), probabilityBet(0.7, 0.2, 1)],
    ]);
    expect(bets.base_rate.map(({ bet }) => bet)).toEqual(
      Array.from({ length: 3 }, () => probabilityBet(0.7, 0.4, 1)),
    );
  });

  test('on no row on which either was vetoed, or of which the champion knew nothing', () => {
    const mine = [0, 1, 2, 3].map((minute) =>
      outcome(minute, minute === 1 ? { verdict: 'outlier' } : {}),
    );
    const champion = [
      outcome(0, { modelId: 'now', verdict: 'expired' }),
      outcome(1, { modelId: 'now' }),
      // Features are missing: only the baseline predicts one half then, and is held to it.
      outcome(2, { modelId: 'now', verdict: 'warming_up' }),
    ];
    expect(minutes(shadowBets(mine, champion, rules).champion)).toEqual([]);
    expect(minutes(shadowBets(mine, [...champion, outcome(3)], rules).base_rate)).toEqual([3]);
  });

  test('on expected returns in units of the session before, and not without one', () => {
    const day = 1440;
    const rows = [...Array(2 * day).keys()].map((minute) =>
      outcome(minute, { forwardReturn: minute % 2 === 0 ? 0.004 : -0.004 }),
    );
    const champion = rows.map((row) => ({ ...row, expectedReturn: 0 }));
    const returns = { ...rules, labelSpec: 'return_1h@1' };
    const bets = shadowBets(rows, champion, returns);
    expect(minutes(bets.champion)).toEqual([...Array(day).keys()].map((minute) => day + minute));
    const variance = 0.004 ** 2;
    expect(bets.champion[0]?.bet.gain).toBeCloseTo((0.004 ** 2 - 0.003 ** 2) / (2 * variance), 12);
    const few = rows.slice(day - 99);
    expect(shadowBets(few, champion, returns).champion).toEqual([]);
  });
});

test('a champion bets by its own rows alone', () => {
  const rows = [
    outcome(0, { modelId: 'old' }),
    outcome(1, { modelId: 'now' }),
    outcome(2, { modelId: 'now', verdict: 'outlier' }),
  ];
  expect(minutes(championBets(rows, 'now', rules))).toEqual([1]);
});

describe('sessions', () => {
  const range: SessionRange = {
    ...{ horizonUs: US_PER_HOUR, latenessUs: 5 * US_PER_S, side: 'candidate' },
    ...{ fromTs: FROM, untilTs: FROM + 2 * US_PER_DAY },
  };
  const bets = (from: number, to: number): TimedBet[] =>
    Array.from({ length: to - from }, (_, i) => ({
      decidedTs: FROM + (from + i) * US_PER_MIN + US_PER_S,
      bet: probabilityBet(0.6, 0.5, 1),
    }));

  test('are days that have ended, and no bet is open at their end', () => {
    const values = sessionValues(bets(-60, 3 * 1440), range);
    expect(values.map(({ sessionTs }) => (sessionTs - FROM) / US_PER_DAY)).toEqual([0, 1]);
    // 1440 minutes less the 62 that a label takes to be known.
    expect(values.map((each) => each.bets)).toEqual([1378, 1378]);
    const [last] = bets(1377, 1378);
    const knownTs = (last?.decidedTs ?? 0) + range.horizonUs + range.latenessUs;
    expect(knownTs).toBeLessThan(FROM + US_PER_DAY);
  });

  test('one that is looked at before it has ended says nothing', () => {
    const early = { ...range, untilTs: FROM + US_PER_DAY - 1 };
    expect(sessionValues(bets(0, 1440), early)).toEqual([]);
    expect(sessionValues(bets(0, 1440), { ...early, untilTs: FROM + US_PER_DAY })).toHaveLength(1);
  });

  test('without a bet are none: quiet days change nothing', () => {
    expect(sessionValues([], range)).toEqual([]);
    expect(sessionValues(bets(1400, 1440), range), 'only what places no bet').toEqual([]);
  });

  test('decisions of one minute share a label: the first one bets', () => {
    const twice = bets(0, 10).flatMap((one) => [
      one,
      { decidedTs: one.decidedTs + 1, bet: probabilityBet(0.1, 0.5, 1) },
    ]);
    expect(sessionValues(twice, range)).toEqual(sessionValues(bets(0, 10), range));
  });

  test('of the reference are the same bets from the other side', () => {
    const [one] = sessionValues(bets(0, 200), range);
    const [other] = sessionValues(bets(0, 200), { ...range, side: 'reference' });
    expect(other?.gain).toBeCloseTo(-(one?.gain ?? 0), 12);
    expect(other?.bets).toBe(200);
  });

  test('are longer for horizons that a day is too short for', () => {
    expect(sessionLength(US_PER_HOUR, 5 * US_PER_S)).toBe(US_PER_DAY);
    expect(sessionLength(5 * US_PER_HOUR, 0)).toBe(US_PER_DAY);
    expect(sessionLength(US_PER_DAY, 0)).toBe(4 * US_PER_DAY);
    const long = { ...range, horizonUs: US_PER_DAY, latenessUs: 0, untilTs: FROM + 8 * US_PER_DAY };
    expect(sessionValues(bets(0, 8 * 1440), long).map((each) => each.bets)).toEqual([
      ...[3 * 1440 - 1, 3 * 1440 - 1],
    ]);
  });

  test('the first may begin in the middle: only what was decided from then on counts', () => {
    const fromTs = FROM + 600 * US_PER_MIN;
    const [first, second] = sessionValues(bets(0, 3 * 1440), { ...range, fromTs });
    expect([first?.bets, second?.bets]).toEqual([1378 - 600, 1378]);
    expect(first?.sessionTs).toBe(FROM);
  });

  test('say whom the last of their bets was against', () => {
    const rivals = bets(0, 3).map((bet, i) => ({ ...bet, rival: ['a', 'b', null][i] ?? null }));
    const lastRival = (count: number) => sessionValues(rivals.slice(0, count), range)[0]?.rival;
    expect([1, 2, 3].map(lastRival)).toEqual(['a', 'b', null]);
  });
});
