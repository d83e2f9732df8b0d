/** `tickloom curate summary | model | trades | reports`: how markets, models and trades do. */
import { Option, type Command } from 'commander';
import { BASELINE_MODEL_ID } from '../../../pipelines/stream/predictions.ts';
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import { marketSummaries, type MarketSummary } from '../../summaries/market-summary.ts';
import { readRuns } from '../../postgres/tables/job-runs.ts';
import { storedWatermark } from '../../postgres/tables/stored-watermarks.ts';
import { modelOutcomes } from '../../questdb/tables/model-outcomes.ts';
import type { ReportTables } from '../../summaries/report-tables.ts';
import {
  closedTrades,
  performanceBy,
  TRADE_GROUPS,
  type Closed,
  type GroupPerformance,
  type TradeGroup,
} from '../../summaries/trade-performance.ts';
import { CommandError, instrumentOption, outputFor, withContext } from '../support/context.ts';
import { daysOption } from '../support/days.ts';
import { refuseUnknownAccount, refuseUnstored } from '../support/known.ts';
import { reportTablesText } from '../support/money-text.ts';
import { columns, show, type Columns } from '../support/table.ts';
import { OUTCOME_COLUMNS } from './model-monitoring.ts';

const DAYS = '30';
/** In text; all of them are in JSON. */
const TRADES_SHOWN = 20;

export function curateViews(curate: Command): void {
  curate
    .command('summary')
    .description('list markets: samples, model in force, how it and the trades perform')
    .option('--days <n>', 'of trades, back from the newest close of each market', DAYS)
    .action(summary);
  curate
    .command('model')
    .requiredOption('--symbol <key>', 'venue:symbol')
    .description("show a market's models with verdicts and live results")
    .action(model);
  curate
    .command('trades')
    .option('--days <n>', 'back from the newest close of each market', DAYS)
    .option('--symbol <key>', 'venue:symbol (default: every instrument)')
    .option('--account <name>', 'default: every account')
    .addOption(
      new Option('--by <group>', 'what performance is grouped by, within an account')
        .choices([...TRADE_GROUPS])
        .default('symbol'),
    )
    .description('show closed trades: win rate, profit factor, Sharpe ratio, drawdown')
    .action(trades);
  curate
    .command('reports')
    .option('--symbol <key>', 'venue:symbol (default: every instrument)')
    .description('list weekly, monthly and quarterly reports; show one with its tables')
    .action(reports);
}

async function summary({ days }: { readonly days: string }, command: Command): Promise<void> {
  const newestUs = daysOption(days) * US_PER_DAY;
  await withContext('cli', async (context) => {
    const { postgres, config } = context;
    const of = { labelSpec: config.labelSpec, newestUs, baselineId: BASELINE_MODEL_ID };
    const found = await marketSummaries(postgres, context.questdbReader(), of);
    const text = found.length === 0 ? 'nothing is stored yet' : columns(SUMMARY, found);
    outputFor(command).show(found, text);
  });
}

interface ModelRow {
  readonly model_id: string;
  readonly state: string;
  readonly trained_at: number;
  readonly verdict: GateVerdict | null;
  readonly waits_because: string | null;
}

async function model(
  { symbol: key }: { readonly symbol: string },
  command: Command,
): Promise<void> {
  const { venue, symbol } = instrumentOption(key);
  await withContext('cli', async (context) => {
    const { postgres } = context;
    const { rows: models } = await postgres.query<ModelRow>(
      `SELECT model_id, state, trained_at, verdict, waits_because FROM models
       WHERE venue = $1 AND symbol = $2 ORDER BY trained_at DESC, model_id`,
      [venue, symbol],
    );
    const reader = context.questdbReader();
    const { metrics } = await modelOutcomes(reader, { by: 'model', venue, symbol });
    if ((await storedWatermark(postgres, key)) === null && models.length === 0) {
      throw new CommandError(`nothing is known of "${key}"; "curate summary" shows what is`);
    }
    const trained = models.length === 0 ? 'no model was trained yet' : columns(MODELS, models);
    const did =
      metrics.length === 0 ? 'no prediction is graded' : columns(OUTCOME_COLUMNS, metrics);
    outputFor(command).show({ models, outcomes: metrics }, `${trained}\n\n${did}`);
  });
}

interface TradeFlags {
  readonly days: string;
  readonly by: TradeGroup;
  readonly symbol?: string;
  readonly account?: string;
}

async function trades(flags: TradeFlags, command: Command): Promise<void> {
  const { by, account, symbol: key } = flags;
  const instrument = key === undefined ? {} : instrumentOption(key);
  const request = { account, newestUs: daysOption(flags.days) * US_PER_DAY, ...instrument };
  await withContext('cli', async (context) => {
    const closed = await closedTrades(context.postgres, request);
    if (closed.length === 0) {
      await refuseUnstored(context, key);
      await refuseUnknownAccount(context, account);
    }
    const performance = await performanceBy(by, closed, context.questdbReader());
    const newest = closed.slice(-TRADES_SHOWN).toReversed();
    const listed = `${columns(PERFORMANCE, performance)}\n\n${columns(TRADES, newest)}`;
    const left = closed.length - newest.length;
    const more = left === 0 ? '' : `\nand ${left} older ones; --json has them`;
    const text = closed.length === 0 ? 'no trade has closed' : `${listed}${more}`;
    outputFor(command).show({ by, performance, trades: closed }, text);
  });
}

async function reports({ symbol: key }: { readonly symbol?: string }, command: Command) {
  const subject = key === undefined ? null : instrumentKey(instrumentOption(key));
  await withContext('cli', async (context) => {
    const runs = (await readRuns(context.postgres, 'reports')).filter(
      (run) => run.state === 'done' && (subject === null || run.subject === subject),
    );
    if (runs.length === 0) await refuseUnstored(context, key);
    const blocks = runs.flatMap(({ subject: of, detail }) => {
      const lines = String(detail['reason'])
        .split('\n')
        .map((line) => `${of} ${line}`);
      return subject === null ? lines : withTables(lines, detail['reports']);
    });
    const found = runs.map(({ subject: of, detail }) => ({
      market: of,
      reports: detail['reports'],
    }));
    outputFor(command).show(
      found,
      blocks.join('\n') || 'no week of a market is over and graded yet',
    );
  });
}

/** One market's lines with the tables that the job has made; older reports have none. */
function withTables(lines: readonly string[], stored: unknown): string[] {
  const made = (stored as readonly { readonly tables?: ReportTables }[]).map(({ tables }) =>
    tables === undefined ? '' : reportTablesText(tables),
  );
  return lines.flatMap((line, i) => (made[i] ? [line, '', made[i], ''] : [line]));
}

const day = (us: number): string => formatUs(us).slice(0, 10);

const SUMMARY: Columns<MarketSummary> = [
  ['instrument', (row) => instrumentKey(row)],
  ['samples', ({ samples }) => String(samples)],
  ['up', ({ up_share: share }) => show(share, 3)],
  ['last', ({ last_sample_ts: ts }) => (ts === null ? '-' : `${formatUs(ts).slice(0, 16)}Z`)],
  ['decides', ({ model_id: id }) => id],
  ['days old', ({ model_age_us: age }) => show(age === null ? null : age / US_PER_DAY, 1)],
  ['graded', ({ graded }) => String(graded)],
  ['hits', ({ hit_rate: share }) => show(share, 3)],
  ['trades', ({ trades: of }) => String(of.reduce((sum, each) => sum + each.trades, 0))],
  ['won', ({ trades: of }) => byAccount(of, (each) => show(each.win_rate, 3))],
  ['net', ({ trades: of }) => byAccount(of, (each) => `${each.net_pnl} ${each.currency}`)],
];

/** Of several accounts each is named: a control group's trades are not those of the models. */
const byAccount = (
  of: readonly GroupPerformance[],
  cell: (each: GroupPerformance) => string,
): string =>
  of.map((each) => (of.length === 1 ? cell(each) : `${each.account} ${cell(each)}`)).join(', ') ||
  '-';

const MODELS: Columns<ModelRow> = [
  ['trained', ({ trained_at: at }) => day(at)],
  ['state', ({ state }) => state],
  ['model', ({ model_id: id }) => id],
  ['gate', ({ verdict }) => formatVerdict(verdict)],
  ['waits because', ({ waits_because: why }) => why ?? ''],
];

function formatVerdict(verdict: GateVerdict | null): string {
  if (verdict === null) return 'not judged';
  const failed = verdict.reasons.filter(({ passed }) => !passed).map(({ rule }) => rule);
  return failed.length === 0 ? 'passed' : `failed ${failed.join(', ')}`;
}

const PERFORMANCE: Columns<GroupPerformance> = [
  ['account', ({ account }) => account],
  ['group', ({ group }) => group],
  ['trades', ({ trades: of }) => String(of)],
  ['won', ({ win_rate: share }) => show(share, 3)],
  ['95 %', ({ win_rate_low: low, win_rate_high: high }) => `${show(low, 2)}-${show(high, 2)}`],
  ['net', ({ net_pnl: net, currency }) => `${net} ${currency}`],
  ['profit factor', ({ profit_factor: factor }) => show(factor, 2)],
  ['sharpe', ({ sharpe }) => show(sharpe, 2)],
  ['of days', ({ days }) => String(days)],
  ['drawdown', ({ max_drawdown: fall }) => show(fall, 4)],
];

const TRADES: Columns<Closed> = [
  ['closed', ({ closed_at: at }) => `${formatUs(at).slice(0, 19)}Z`],
  ['instrument', (row) => instrumentKey(row)],
  ['side', ({ side }) => side],
  ['net', ({ pnl, currency }) => `${pnl} ${currency}`],
  ['exit', ({ exit_reason: reason }) => reason ?? '-'],
  ['model', ({ model_id: id }) => id ?? '-'],
  ['trade', ({ trade_id: id }) => id],
];
