/** figures of policies -> tables in Markdown, one column for each policy */
import type { Measures } from './measures.ts';
import type { Power } from './power.ts';

export interface Column {
  readonly title: string;
  readonly measures: Measures;
}

type Row = readonly [label: string, of: (measures: Measures) => string];

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const pair = (end: number, most: number): string => `${percent(end)} / ${percent(most)}`;

const FALSE_ROWS: readonly Row[] = [
  ['promotions a market-year', (m) => (m.promotions / m.years).toFixed(2)],
  ['false promotions, of all', (m) => percent(m.falseOfAll)],
  [
    'false share of an installation: at the end / the largest of all days',
    (m) => pair(m.falseShareEnd, m.falseShareMax),
  ],
  [
    'the same, false by the days on which it was judged',
    (m) => pair(m.falseJudgedEnd, m.falseJudgedMax),
  ],
];

const MIX_ROWS: readonly Row[] = [
  ...FALSE_ROWS,
  ['regret, 0.001 nats a row', (m) => (1_000 * m.regretLoss).toFixed(1)],
  ['regret in money, 0.001 sd a decision', (m) => (1_000 * m.regretMoney).toFixed(1)],
  ['profit, 0.001 sd a decision', (m) => (1_000 * m.profit).toFixed(1)],
  ['days on which a model decides', (m) => percent(m.championDays)],
  ['days on which it is worse than the class prior', (m) => percent(m.worseDays)],
  ['rollbacks a market-year', (m) => (m.rollbacks / m.years).toFixed(2)],
  ['unjustified rollbacks a champion-year', (m) => m.unjustifiedPerChampionYear.toFixed(2)],
];

const NULL_ROWS: readonly Row[] = [
  ['promotions a market-year, all false', (m) => (m.promotions / m.years).toFixed(2)],
  [
    'false share of an installation: at the end / the largest of all days',
    (m) => pair(m.falseShareEnd, m.falseShareMax),
  ],
];

export const mixTable = (columns: readonly Column[]): string =>
  buildTable(columns, [...MIX_ROWS, ...delayRows(columns)]);

export const nullTable = (columns: readonly Column[]): string => buildTable(columns, NULL_ROWS);

function delayRows(columns: readonly Column[]): Row[] {
  const gains = columns[0]?.measures.delays ?? [];
  return gains.map(({ gain, markets }, i) => [
    `days to the first true promotion, gain ${gain} (${markets} markets)`,
    ({ delays }) => {
      const { median, promoted } = delays[i]!;
      const share = markets === 0 ? '–' : percent(promoted / markets);
      return `${median ?? 'never'} (${share})`;
    },
  ]);
}

function buildTable(columns: readonly Column[], rows: readonly Row[]): string {
  return markdown([
    ['', ...columns.map(({ title }) => title)],
    ...rows.map(([label, of]) => [label, ...columns.map(({ measures }) => of(measures))]),
  ]);
}

export function powerTable(powers: readonly Power[]): string {
  const days = (of: number | null): string => (of === null ? '–' : String(of));
  return markdown([
    [
      'gain, nats a row',
      'half are promoted by day',
      '80 % are promoted by day',
      'a single look has 80 % at day',
      'ratio',
      'withdrawn before',
    ],
    ...powers.map(({ gain, days50, days80, once80, withdrawn }) => [
      ...[String(gain), days(days50), days(days80), days(once80)],
      days80 === null || once80 === null ? '–' : (days80 / once80).toFixed(1),
      percent(withdrawn),
    ]),
  ]);
}

function markdown([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const ruler = (head ?? []).map((_, i) => (i === 0 ? '---' : '---:'));
  return [line(head ?? []), line(ruler), ...rows.map(line)].join('\n');
}
