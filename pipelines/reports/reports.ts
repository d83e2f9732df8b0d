/**
 * a week, month or quarter of a market that is over -> its report, and whether its trades won as
 * often as they are to
 *
 * Calendar periods of event time in UTC; a week begins on Monday (ISO 8601). What ends at the same
 * moment is reported together.
 */
import { floorTo, formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import type { OutcomeMetrics } from '../../src/learning/monitoring.ts';
import { wilson } from '../../src/money/performance.ts';
import type { TrainingData } from '../../src/questdb/tables/training-data.ts';
import type { GroupPerformance } from '../../src/summaries/trade-performance.ts';

export const PERIODS = ['week', 'month', 'quarter'] as const;
export type PeriodName = (typeof PERIODS)[number];

/** [fromUs, toUs) */
export interface Period {
  readonly period: PeriodName;
  readonly fromUs: number;
  readonly toUs: number;
}

export interface PeriodReport extends Period {
  /** By account; all of the market's that closed in the period. */
  readonly trades: readonly GroupPerformance[];
  /** Of decisions in the period, by model, as they are graded by now. */
  readonly outcomes: readonly OutcomeMetrics[];
  /** What there is to train on of decisions in the period; null: nothing was graded. */
  readonly samples: TrainingData | null;
}

/** The first of January 1970 was a Thursday. */
const MONDAY = 4;

const startOfMonth = (us: number, monthsBefore: number): number => {
  const date = new Date(us / 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - monthsBefore) * 1000;
};

/** The periods whose end `us` is, microseconds; none where it is not the start of a UTC day. */
export function periodsEndingAt(us: number): Period[] {
  if (us % US_PER_DAY !== 0) return [];
  const ending: Period[] = [];
  const since = (period: PeriodName, fromUs: number): void => {
    ending.push({ period, fromUs, toUs: us });
  };
  if ((us / US_PER_DAY) % 7 === MONDAY) since('week', us - 7 * US_PER_DAY);
  if (us !== startOfMonth(us, 0)) return ending;
  since('month', startOfMonth(us, 1));
  if (new Date(us / 1000).getUTCMonth() % 3 === 0) since('quarter', startOfMonth(us, 3));
  return ending;
}

/** Every moment in (afterUs, untilUs] at which a period ends, oldest first. */
export function periodEnds(afterUs: number, untilUs: number): number[] {
  const ends: number[] = [];
  for (let us = floorTo(afterUs, US_PER_DAY) + US_PER_DAY; us <= untilUs; us += US_PER_DAY) {
    if (periodsEndingAt(us).length > 0) ends.push(us);
  }
  return ends;
}

/** Whether another period of the kind has ended since, by `us`. */
export const isOutdated = ({ period, toUs }: Period, us: number): boolean =>
  periodEnds(toUs, us).some((end) => periodsEndingAt(end).some((of) => of.period === period));

/** Below it a share says next to nothing. */
const TRADES_MIN = 20;

/**
 * What to report where a period's trades won less often than `target` (a share), those of all
 * accounts together; null: they did not, or were fewer than 20, or there is no target.
 */
export function missedTarget(report: PeriodReport, target: number | null): string | null {
  const [trades, winners] = totals(report.trades);
  const [low, high] = wilson(winners, trades);
  if (target === null || trades < TRADES_MIN || low === null) return null;
  if (winners / trades >= target) return null;
  const chance = high >= target ? ', which may be chance' : '';
  return (
    `${percent(winners / trades)} of ${trades} trades in the ${periodName(report)} won, below the ` +
    `target of ${percent(target)} (95 % interval ${percent(low)} to ${percent(high)}${chance})`
  );
}

/** A line for people. */
export function reportLine(report: PeriodReport): string {
  const [trades, winners] = totals(report.trades);
  const net = report.trades.map(({ net_pnl, currency }) => `${net_pnl} ${currency}`).join(' and ');
  const traded = trades === 0 ? 'no trade' : `${trades} trades, ${winners} won, net ${net}`;
  const outcomes = report.outcomes.map(
    ({ model_id, hit_rate, rows }) =>
      `${model_id} was right in ${hit_rate === null ? 'none' : percent(hit_rate)} of ${rows}`,
  );
  const { samples = 0, up_share = null } = report.samples ?? {};
  const balance = up_share === null ? '' : ` (${percent(up_share)} up)`;
  return [`${periodName(report)}: ${traded}`, ...outcomes, `${samples} samples${balance}`].join(
    '; ',
  );
}

const totals = (trades: readonly GroupPerformance[]): [number, number] => [
  trades.reduce((sum, of) => sum + of.trades, 0),
  trades.reduce((sum, of) => sum + of.winners, 0),
];

const periodName = ({ period, toUs }: Period): string =>
  `${period} to ${formatUs(toUs).slice(0, 10)}`;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
