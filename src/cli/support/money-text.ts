/** Tables of money and of labels -> lines of at most 80 columns. */
import { amountText } from '../../money/amounts.ts';
import type { LabelLine, LabelMonthTable } from '../../summaries/label-tables.ts';
import type { MoneyLine, MonthTable } from '../../summaries/money-tables.ts';
import type { ReportTables } from '../../summaries/report-tables.ts';
import { figureTable, show, type Columns } from './table.ts';

interface Owner {
  readonly account: string;
  readonly currency: string;
  readonly group: string;
}

/** The account is named in each line where there are several, else once, in the title. */
const nameIn = (lines: readonly Owner[]): ((line: Owner) => string) => {
  const isOne = new Set(lines.map(({ account }) => account)).size === 1;
  return ({ account, group }) => {
    if (isOne) return group;
    return group === 'all' ? account : `${account} ${group}`;
  };
};

function tableTitle(what: string, by: string, lines: readonly Owner[]): string {
  const owners = new Set(lines.map(({ account, currency }) => `${account}, in ${currency}`));
  const currencies = [...new Set(lines.map(({ currency }) => currency))].join(' and ');
  const whose = owners.size === 1 ? `account ${[...owners][0]}` : `each account, in ${currencies}`;
  return `${what} by ${by}: ${whose}`;
}

export function moneyLinesText(by: string, lines: readonly MoneyLine[]): string {
  const name = nameIn(lines);
  const money =
    (of: 'sum' | 'mean' | 'std' | 'min' | 'median' | 'max') =>
    (line: MoneyLine): string =>
      amountText(line[of], line.currency);
  const table: Columns<MoneyLine> = [
    [by, name],
    ['trades', ({ trades }) => String(trades)],
    ['net', money('sum')],
    ['mean', money('mean')],
    ['std', money('std')],
    ['min', money('min')],
    ['median', money('median')],
    ['max', money('max')],
  ];
  return `${tableTitle('net P&L of closed trades', by, lines)}\n${figureTable(table, lines)}`;
}

export function moneyMonthsText(by: string, { months, lines }: MonthTable): string {
  const name = nameIn(lines);
  const table: Columns<MonthTable['lines'][number]> = [
    [by, name],
    ...months.map(
      (month, i) =>
        [
          month,
          (line: MonthTable['lines'][number]) => amountText(line.sums[i], line.currency),
        ] as const,
    ),
    ['total', ({ total, currency }) => amountText(total, currency)],
  ];
  return `${tableTitle('net P&L by month of the close,', by, lines)}\n${figureTable(table, lines)}`;
}

const basisPoints = (value: number): string => (value * 10_000).toFixed(2);

const LABELS: Columns<LabelLine> = [
  ['days', ({ days }) => String(days)],
  ['samples', ({ samples }) => String(samples)],
  ['up', ({ up_share: share }) => share.toFixed(3)],
  ['mean bp', ({ mean_return: mean }) => basisPoints(mean)],
  ['worst day', ({ worst_day: day }) => basisPoints(day)],
  ['best day', ({ best_day: day }) => basisPoints(day)],
];

export const labelLinesText = (by: string, spec: string, lines: readonly LabelLine[]): string =>
  `outcomes of ${spec} by ${by}; returns in basis points\n` +
  figureTable([[by, ({ group }) => group], ...LABELS], lines);

export const labelMonthsText = (spec: string, { months, lines }: LabelMonthTable): string =>
  `share of outcomes of ${spec} that went up, by month of the decision\n` +
  figureTable(
    [
      ['symbol', ({ group }) => group],
      ...months.map(
        (month, i) =>
          [
            month,
            (line: LabelMonthTable['lines'][number]) => show(line.up_shares[i] ?? null, 3),
          ] as const,
      ),
    ],
    lines,
  );

/** Of one report: what each account earned, and where there are several months, each of them. */
export function reportTablesText({
  trades,
  months,
  labels,
  label_spec: spec,
}: ReportTables): string {
  const pieces = [
    ...(trades === null || trades.length === 0 ? [] : [moneyLinesText('account', trades)]),
    ...(months === null || months.months.length < 2 ? [] : [moneyMonthsText('account', months)]),
    ...(labels.months.length === 0 ? [] : [labelMonthsText(spec, labels)]),
  ];
  return pieces.join('\n\n');
}
