import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { PerformanceTally, wilson, type Performance } from '../../src/money/performance.ts';

const FROM = parseUs('2026-01-01T00:00:00Z');

/** [day, P&L], drawn; several on one day, and days without any. */
const DRAWN = [
  ...[
    [2, '-71.46'],
    [4, '-6.90'],
    [5, '76.16'],
    [5, '14.58'],
    [6, '-39.09'],
    [7, '52.92'],
  ],
  ...[
    [7, '24.37'],
    [12, '-66.00'],
    [12, '104.00'],
    [13, '20.17'],
    [15, '2.98'],
    [20, '-61.79'],
  ],
  ...[
    [21, '-21.28'],
    [23, '-34.80'],
    [28, '4.21'],
    [28, '-27.37'],
    [29, '57.79'],
    [31, '-90.58'],
  ],
  ...[
    [32, '-50.84'],
    [37, '-2.39'],
    [39, '9.24'],
    [41, '5.73'],
    [42, '-54.88'],
    [43, '-15.77'],
  ],
  ...[
    [43, '-73.31'],
    [45, '21.49'],
    [45, '78.22'],
    [47, '51.00'],
    [49, '24.33'],
    [49, '-58.10'],
  ],
] as const as readonly (readonly [number, string])[];

function measurePerformance(
  trades: readonly (readonly [day: number, pnl: string])[],
  opening = '10000',
): Performance {
  const tally = new PerformanceTally(opening);
  trades.forEach(([day, pnl], i) => {
    tally.add({ closedTs: FROM + day * US_PER_DAY + (12 + (i % 12)) * US_PER_HOUR, pnl });
  });
  return tally.performance();
}

describe('performance of closed trades', () => {
  test('is what empyrical says of the same returns', () => {
    // empyrical-reloaded 0.7.1: sharpe_ratio(returns of each day, annualization=365),
    // max_drawdown(returns of each trade).
    const { sharpe, max_drawdown: fall, days, ...sums } = measurePerformance(DRAWN);
    expect(sharpe).toBeCloseTo(-1.302649239793293, 10);
    expect(fall).toBeCloseTo(-0.035210592054969965, 12);
    expect(days).toBe(48);
    expect(sums).toMatchObject({
      ...{ trades: 30, winners: 15, losers: 15, win_rate: 0.5 },
      ...{ gross_profit: '547.19', gross_loss: '-674.56', net_pnl: '-127.37' },
    });
    expect(sums.profit_factor).toBeCloseTo(0.8111806214421252, 12);
  });

  test('is the same however often it is asked for in between', () => {
    const tally = new PerformanceTally('10000');
    for (const [day, pnl] of DRAWN) {
      tally.add({ closedTs: FROM + day * US_PER_DAY, pnl });
      tally.performance();
    }
    expect(tally.performance().sharpe).toBe(measurePerformance(DRAWN).sharpe);
  });

  test('says nothing where there is nothing to say', () => {
    const nothing = { win_rate: null, profit_factor: null, sharpe: null, win_rate_low: null };
    expect(measurePerformance([])).toMatchObject({ ...nothing, trades: 0, net_pnl: '0', days: 0 });
    expect(measurePerformance([[0, '5']])).toMatchObject({ sharpe: null, days: 1, win_rate: 1 });
    expect(
      measurePerformance([
        [0, '0'],
        [1, '0'],
      ]),
    ).toMatchObject({ winners: 0, losers: 0, sharpe: null });
    const ruined = measurePerformance(
      [
        [0, '-60'],
        [1, '-50'],
        [2, '10'],
      ],
      '100',
    );
    expect(ruined).toMatchObject({ sharpe: null });
    expect(ruined.max_drawdown).toBeCloseTo(-1.1, 12);
    expect(measurePerformance([[0, '-1']], '0').max_drawdown).toBeNull();
  });

  test('sums money exactly', () => {
    const cents = Array.from({ length: 1000 }, (_, i) => [i, '0.1'] as const);
    expect(measurePerformance(cents).net_pnl).toBe('100');
  });
});

describe("a share's interval", () => {
  test.each([
    // statsmodels 0.15.0, proportion_confint(method='wilson').
    [9, 20, 0.2581978582556242, 0.6579146575496577],
    [0, 5, 0, 0.43448246478317487],
    [17, 30, 0.39197307000813597, 0.7262251442353348],
  ])('%d of %d', (hits, trials, low, high) => {
    const [found, above] = wilson(hits, trials);
    expect(found).toBeCloseTo(low, 12);
    expect(above).toBeCloseTo(high, 12);
  });
});
