/**
 * graded decisions, counted by market and day -> small tables: how many there are, how often it
 * went up and how far, by market or month; and the share of ups month by month.
 */
import { formatUs } from '../domain/time.ts';
import { instrumentKey } from '../domain/wire.ts';
import type { LabelDay } from '../questdb/tables/label-days.ts';
import { figuresBy, type Figures } from './frame.ts';

export const LABEL_GROUPS = ['symbol', 'month'] as const;
export type LabelGroup = (typeof LABEL_GROUPS)[number];

export interface LabelLine {
  /** `oanda:EUR/USD` or `2026-11` */
  readonly group: string;
  readonly days: number;
  readonly samples: number;
  readonly up_share: number;
  /** Of the samples; a return of 0.0001 is one basis point. */
  readonly mean_return: number;
  /** The lowest and the highest mean return of a day. */
  readonly worst_day: number;
  readonly best_day: number;
}

export interface LabelMonthLine {
  readonly group: string;
  /** Of each month of the table; 0 and null: nothing was graded. */
  readonly samples: readonly number[];
  readonly up_shares: readonly (number | null)[];
}

export interface LabelMonthTable {
  readonly months: readonly string[];
  readonly lines: readonly LabelMonthLine[];
}

const monthName = ({ day }: LabelDay): string => formatUs(day).slice(0, 7);

/** A line a market or a month, in their order. */
export async function labelsByGroup(
  by: LabelGroup,
  days: readonly LabelDay[],
): Promise<LabelLine[]> {
  const figures = await counted(days, by === 'symbol' ? instrumentKey : monthName);
  return figures.map(([group, of]) => ({
    group,
    days: of['samples_count'] ?? 0,
    samples: of['samples_sum'] ?? 0,
    up_share: (of['ups_sum'] ?? 0) / (of['samples_sum'] ?? 1),
    mean_return: (of['returns_sum'] ?? 0) / (of['samples_sum'] ?? 1),
    worst_day: of['mean_min'] ?? 0,
    best_day: of['mean_max'] ?? 0,
  }));
}

/** A line a market, a column each month in which anything was graded. */
export async function labelsByMonth(days: readonly LabelDay[]): Promise<LabelMonthTable> {
  const markets = [...new Set(days.map(instrumentKey))].toSorted();
  const months = [...new Set(days.map(monthName))].toSorted();
  const pairKey = (market: string, month: string): string => JSON.stringify([market, month]);
  const figures = new Map(
    await counted(days, (row) => pairKey(instrumentKey(row), monthName(row))),
  );
  const lines = markets.map((group) => {
    const cells = months.map((month) => figures.get(pairKey(group, month)));
    return {
      group,
      samples: cells.map((of) => of?.['samples_sum'] ?? 0),
      up_shares: cells.map((of) =>
        of === undefined ? null : (of['ups_sum'] ?? 0) / (of['samples_sum'] ?? 1),
      ),
    };
  });
  return { months, lines };
}

async function counted(
  days: readonly LabelDay[],
  groupName: (row: LabelDay) => string,
): Promise<[string, Figures][]> {
  const figures = await figuresBy(
    days,
    groupName,
    ({ samples, ups, returns }) => ({ samples, ups, returns, mean: returns / samples }),
    { samples: ['count', 'sum'], ups: ['sum'], returns: ['sum'], mean: ['min', 'max'] },
  );
  return [...figures].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
