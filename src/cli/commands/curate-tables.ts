/**
 * `tickloom curate describe | months`: small tables of closed trades, of graded decisions and of a
 * training set, grouped, and month by month.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import { datasetFrame } from '../../../pipelines/dataset/frame.ts';
import { US_PER_DAY } from '../../domain/time.ts';
import { labelDays, type LabelDay } from '../../questdb/tables/label-days.ts';
import { describeFrame, type ColumnLine } from '../../summaries/frame-columns.ts';
import {
  LABEL_GROUPS,
  labelsByGroup,
  labelsByMonth,
  type LabelGroup,
} from '../../summaries/label-tables.ts';
import {
  MONEY_ROWS_MAX,
  moneyByGroup,
  moneyByMonth,
  moneyRow,
  closeMonth,
  type MoneyRow,
} from '../../summaries/money-tables.ts';
import {
  closedTrades,
  makeGrouping,
  TRADE_GROUPS,
  type TradeGroup,
} from '../../summaries/trade-performance.ts';
import { CommandError, instrumentOption, outputFor, withContext } from '../support/context.ts';
import { daysOption } from '../support/days.ts';
import { refuseUnknownAccount, refuseUnstored } from '../support/known.ts';
import {
  labelLinesText,
  labelMonthsText,
  moneyLinesText,
  moneyMonthsText,
} from '../support/money-text.ts';
import { figureTable, type Columns } from '../support/table.ts';

const DESCRIBED_DAYS = '30';
const MONTHS_DAYS = '365';

const BY_NAMES = [...new Set([...TRADE_GROUPS, 'month' as const, ...LABEL_GROUPS])];

const DESCRIBE_EXAMPLES = `
Examples:
  tickloom curate describe trades --by symbol          what each market earned, a line each
  tickloom curate describe trades --by month --days 365
  tickloom curate describe labels --by month --symbol oanda:EUR/USD
  tickloom curate describe out/eurusd                  every column of a training set
  tickloom curate describe trades --by regime --json   amounts as exact decimal texts`;

const MONTHS_EXAMPLES = `
Examples:
  tickloom curate months trades                        net P&L of each account, a column a month
  tickloom curate months trades --by symbol --days 90
  tickloom curate months labels --json                 how often it went up, by market`;

export function curateTables(curate: Command): void {
  filtered(curate.command('describe'), DESCRIBED_DAYS)
    .argument('<what>', '"trades", "labels", or the directory of a training set')
    .addOption(
      new Option(
        '--by <group>',
        'trades: account (default) or any; labels: symbol or month',
      ).choices(BY_NAMES),
    )
    .description('show sum, mean, deviation, median and extremes, by group')
    .addHelpText('after', DESCRIBE_EXAMPLES)
    .action(describe);
  filtered(curate.command('months'), MONTHS_DAYS)
    .addArgument(new Argument('<what>', 'of what').choices(['trades', 'labels']))
    .addOption(
      new Option('--by <group>', 'a line of trades for each; labels: symbol').choices([
        ...TRADE_GROUPS,
      ]),
    )
    .description('show net P&L of trades or outcomes of labels, a column for each month')
    .addHelpText('after', MONTHS_EXAMPLES)
    .action(months);
}

const filtered = (command: Command, days: string): Command =>
  command
    .option('--days <n>', 'back from the newest of each market', days)
    .option('--symbol <key>', 'venue:symbol (default: every instrument)')
    .option('--account <name>', 'of trades (default: every account)');

type Group = TradeGroup | LabelGroup;

interface Flags {
  readonly days: string;
  readonly by?: Group;
  readonly symbol?: string;
  readonly account?: string;
}

async function describe(what: string, flags: Flags, command: Command): Promise<void> {
  if (what === 'trades') return tradesDescribed(flags, command);
  if (what === 'labels') return labelsDescribed(flags, command);
  if (!existsSync(join(what, '_manifest.json'))) {
    throw new CommandError(
      `"${what}" is neither "trades" nor "labels" nor the directory of a training set`,
      2,
    );
  }
  if (flags.by !== undefined) throw new CommandError('--by is of trades and labels alone', 2);
  const lines = await describeFrame(await datasetFrame(what));
  outputFor(command).show(lines, figureTable(COLUMNS, lines));
}

async function months(what: 'trades' | 'labels', flags: Flags, command: Command): Promise<void> {
  if (what === 'labels') return labelMonths(flags, command);
  const { by = 'account' } = flags;
  await withTrades(flags, by, async (rows) => {
    const table = await moneyByMonth(rows);
    const text = rows.length === 0 ? NO_TRADE : moneyMonthsText(by, table);
    outputFor(command).show({ of: 'trades', by, ...table }, text);
  });
}

const NO_TRADE = 'no trade has closed';
const NO_LABEL = 'no decision is graded yet';

async function tradesDescribed(flags: Flags, command: Command): Promise<void> {
  const { by = 'account' } = flags;
  await withTrades(flags, by, async (rows) => {
    const lines = await moneyByGroup(rows);
    const text = rows.length === 0 ? NO_TRADE : moneyLinesText(by, lines);
    outputFor(command).show({ of: 'trades', by, lines }, text);
  });
}

async function withTrades(
  { days, symbol: key, account }: Flags,
  by: Group,
  print: (rows: readonly MoneyRow[]) => Promise<void>,
): Promise<void> {
  const instrument = key === undefined ? {} : instrumentOption(key);
  const request = { account, newestUs: daysOption(days) * US_PER_DAY, ...instrument };
  await withContext('cli', async (context) => {
    const trades = await closedTrades(context.postgres, request);
    if (trades.length === 0) {
      await refuseUnstored(context, key);
      await refuseUnknownAccount(context, account);
    }
    if (trades.length > MONEY_ROWS_MAX) {
      throw new CommandError(
        `${trades.length} trades are too many for a table (${MONEY_ROWS_MAX}): ask for fewer ` +
          '--days, one --symbol or one --account',
      );
    }
    const groupName =
      by === 'month' ? closeMonth : await makeGrouping(by, trades, context.questdbReader());
    await print(trades.map((trade) => moneyRow(trade, groupName(trade))));
  });
}

async function labelsDescribed(flags: Flags, command: Command): Promise<void> {
  const by = labelGroup(flags.by, LABEL_GROUPS);
  await withLabels(flags, async (days, spec) => {
    const lines = await labelsByGroup(by, days);
    const text = days.length === 0 ? NO_LABEL : labelLinesText(by, spec, lines);
    outputFor(command).show({ of: 'labels', by, label_spec: spec, lines }, text);
  });
}

async function labelMonths(flags: Flags, command: Command): Promise<void> {
  labelGroup(flags.by, ['symbol']);
  await withLabels(flags, async (days, spec) => {
    const table = await labelsByMonth(days);
    const text = days.length === 0 ? NO_LABEL : labelMonthsText(spec, table);
    outputFor(command).show({ of: 'labels', by: 'symbol', label_spec: spec, ...table }, text);
  });
}

function labelGroup(by: Group = 'symbol', allowed: readonly LabelGroup[]): LabelGroup {
  const group = allowed.find((each) => each === by);
  if (group !== undefined) return group;
  throw new CommandError(`--by ${by} is of trades; labels have ${allowed.join(' and ')}`, 2);
}

async function withLabels(
  { days, symbol: key, account }: Flags,
  print: (days: readonly LabelDay[], spec: string) => Promise<void>,
): Promise<void> {
  if (account !== undefined) throw new CommandError('--account is of trades: labels have none', 2);
  const instrument = key === undefined ? {} : instrumentOption(key);
  const newestDays = daysOption(days);
  await withContext('cli', async (context) => {
    const { labelSpec } = context.config;
    const request = { labelSpec, newestDays, ...instrument };
    const found = await labelDays(context.questdbReader(), request);
    if (found.length === 0) await refuseUnstored(context, key);
    await print(found, labelSpec);
  });
}

/** Wide or narrow: a price, a return, a count. */
const figure = (value: number | null): string =>
  value === null ? '-' : String(Number(value.toPrecision(6)));

const COLUMNS: Columns<ColumnLine> = [
  ['column', ({ column }) => column],
  ['count', ({ count }) => String(count)],
  ['missing', ({ missing }) => String(missing)],
  ['mean', ({ mean }) => figure(mean)],
  ['std', ({ std }) => figure(std)],
  ['min', ({ min }) => figure(min)],
  ['median', ({ median }) => figure(median)],
  ['max', ({ max }) => figure(max)],
];
