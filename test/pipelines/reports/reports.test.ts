import { describe, expect, test } from 'vitest';
import {
  isOutdated,
  missedTarget,
  periodEnds,
  periodsEndingAt,
  reportLine,
  type PeriodReport,
} from '../../../pipelines/reports/reports.ts';
import { formatUs, parseUs, US_PER_DAY } from '../../../src/domain/time.ts';
import { PerformanceTally } from '../../../src/money/performance.ts';

const at = (text: string): number => parseUs(`${text}T00:00:00Z`);
const ending = (day: string): string[] =>
  periodsEndingAt(at(day)).map(
    ({ period, fromUs }) => `${period} ${formatUs(fromUs).slice(0, 10)}`,
  );

describe('periods', () => {
  test.each([
    ['2026-11-23', ['week 2026-11-16']],
    ['2026-11-24', []],
    ['2026-12-01', ['month 2026-11-01']],
    ['2024-03-01', ['month 2024-02-01']],
    ['2027-01-01', ['month 2026-12-01', 'quarter 2026-10-01']],
    ['2024-07-01', ['week 2024-06-24', 'month 2024-06-01', 'quarter 2024-04-01']],
    ['1970-01-05', ['week 1969-12-29']],
  ])('end at the start of %s: %j', (day, expected) => {
    expect(ending(day)).toEqual(expected);
  });

  test('end at no other moment than the start of a day', () => {
    expect(periodsEndingAt(at('2026-11-23') + 1)).toEqual([]);
  });

  test('of a year: 52 Mondays and 12 firsts, and none is told twice', () => {
    const ends = periodEnds(at('2025-01-01'), at('2026-01-01'));
    const kinds = ends.flatMap((end) => periodsEndingAt(end).map(({ period }) => period));
    const count = (kind: string): number => kinds.filter((each) => each === kind).length;
    expect([count('week'), count('month'), count('quarter')]).toEqual([52, 12, 4]);
    const middle = at('2025-06-02');
    expect([
      ...periodEnds(at('2025-01-01'), middle),
      ...periodEnds(middle, at('2026-01-01')),
    ]).toEqual(ends);
  });

  test('that follow each other leave nothing out', () => {
    const weeks = periodEnds(at('2025-01-01'), at('2026-01-01'))
      .flatMap(periodsEndingAt)
      .filter(({ period }) => period === 'month');
    weeks.slice(1).forEach(({ fromUs }, i) => expect(fromUs).toBe(weeks[i]!.toUs));
  });

  test('are outdated by the next of their kind alone', () => {
    const [week] = periodsEndingAt(at('2026-11-23'));
    expect(isOutdated(week!, at('2026-11-30') - US_PER_DAY)).toBe(false);
    expect(isOutdated(week!, at('2026-11-30'))).toBe(true);
    const [month] = periodsEndingAt(at('2026-12-01'));
    expect(isOutdated(month!, at('2026-12-28'))).toBe(false);
  });
});

function makeReport(winners: number, losers: number): PeriodReport {
  const tally = new PerformanceTally('1000');
  for (let i = 0; i < winners + losers; i++) {
    tally.add({ closedTs: at('2026-11-16'), pnl: i < winners ? '1' : '-1' });
  }
  const trades = [{ account: 'a', currency: 'USD', group: 'all', ...tally.performance() }];
  const [week] = periodsEndingAt(at('2026-11-23'));
  return { ...week!, trades, outcomes: [], samples: null };
}

describe('a target win rate', () => {
  test('is missed below it, and says whether that may be chance', () => {
    expect(missedTarget(makeReport(9, 11), 0.55)).toBe(
      '45.0 % of 20 trades in the week to 2026-11-23 won, below the target of 55.0 % ' +
        '(95 % interval 25.8 % to 65.8 %, which may be chance)',
    );
    expect(missedTarget(makeReport(40, 160), 0.55)).not.toContain('chance');
  });

  test('is met at it, and without one nothing is missed', () => {
    expect(missedTarget(makeReport(11, 9), 0.55)).toBeNull();
    expect(missedTarget(makeReport(0, 50), null)).toBeNull();
  });

  test('is not judged by fewer than 20 trades', () => {
    expect(missedTarget(makeReport(0, 19), 0.55)).toBeNull();
    expect(missedTarget(makeReport(0, 20), 0.55)).not.toBeNull();
  });

  test('counts the trades of all accounts', () => {
    const [one, other] = [makeReport(0, 10), makeReport(0, 10)];
    const both = { ...one, trades: [...one.trades, ...other.trades] };
    expect(missedTarget(both, 0.5)).toContain('0.0 % of 20 trades');
  });
});

test('a report is one line', () => {
  expect(reportLine(makeReport(3, 1))).toBe(
    'week to 2026-11-23: 4 trades, 3 won, net 2 USD; 0 samples',
  );
});
