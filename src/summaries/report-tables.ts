/** A period's closed trades and graded days -> the tables of its report. */
import type { LabelDay } from '../questdb/tables/label-days.ts';
import { labelsByMonth, type LabelMonthTable } from './label-tables.ts';
import {
  MONEY_ROWS_MAX,
  moneyByGroup,
  moneyByMonth,
  moneyRow,
  type MoneyLine,
  type MonthTable,
} from './money-tables.ts';
import type { Closed } from './trade-performance.ts';

export interface ReportTables {
  /** By account. Null, as the next: too many trades for a small table. */
  readonly trades: readonly MoneyLine[] | null;
  readonly months: MonthTable | null;
  readonly label_spec: string;
  readonly labels: LabelMonthTable;
}

export async function reportTables(
  closed: readonly Closed[],
  labelSpec: string,
  days: readonly LabelDay[],
): Promise<ReportTables> {
  const rows =
    closed.length > MONEY_ROWS_MAX ? null : closed.map((trade) => moneyRow(trade, 'all'));
  return {
    trades: rows && (await moneyByGroup(rows)),
    months: rows && (await moneyByMonth(rows)),
    label_spec: labelSpec,
    labels: await labelsByMonth(days),
  };
}
