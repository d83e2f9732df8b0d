/** Mutations of what is told of periods and trades. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const PERFORMANCE = 'src/money/performance.ts';
const REPORTS = 'pipelines/reports/reports.ts';
const performance = testsIn('test/money/performance.test.ts', 'performance of closed trades');
const periods = testsIn('test/pipelines/reports/reports.test.ts', 'periods');
const target = testsIn('test/pipelines/reports/reports.test.ts', 'a target win rate');
const sums = testsIn('test/summaries/money-tables.test.ts', 'sums of money');
const flow = testsIn('test/flow/reports.int.test.ts', 'reports');

export const REPORTS_MUTATIONS: readonly Mutation[] = [
  mutation(
    'drawdown-from-the-start',
    performance('is what empyrical says of the same returns'),
    PERFORMANCE,
    'this.highest = Math.max(this.highest, equity);',
    '',
  ),
  mutation(
    'days-without-a-close-left-out',
    performance('is what empyrical says of the same returns'),
    PERFORMANCE,
    'for (; this.day < day; this.day += US_PER_DAY) this.close(equity);',
    'if (this.day < day) [this.day] = [day, this.close(equity)];',
  ),
  mutation(
    'week-from-sunday',
    periods('end at the start of 2026-11-23: ["week 2026-11-16"]'),
    REPORTS,
    'const MONDAY = 4;',
    'const MONDAY = 3;',
  ),
  mutation(
    'target-of-each-account',
    target('counts the trades of all accounts'),
    REPORTS,
    'trades.reduce((sum, of) => sum + of.trades, 0)',
    'trades[0]?.trades ?? 0',
  ),
  mutation(
    'money-added-as-doubles',
    sums('fifty thousand cents at 1e9 are exact, where doubles are not'),
    'src/summaries/money-tables.ts',
    'const limb = rest.div(place).trunc();',
    'const limb = rest.div(place);',
  ),
  mutation(
    'equity-without-what-was-before',
    flow('trades are grouped by account and market, and by the regime of their decisions'),
    'src/summaries/trade-performance.ts',
    `a.opening_balance - t.account_pnl + sum(t.account_pnl) OVER (
           PARTITION BY t.account ORDER BY t.closed_at, t.trade_id) AS equity_before,`,
    'a.opening_balance AS equity_before,',
  ),
];
