/**
 * PostgreSQL's closed trades -> how they did, by account and by another group: the market,
 * the bot, the model that decided, or the market's regime at the decision (of QuestDB's features).
 */
import type { Pool } from 'pg';
import { formatUs } from '../domain/time.ts';
import { instrumentKey } from '../domain/wire.ts';
import { PerformanceTally, type Performance } from '../money/performance.ts';
import { readRegimes } from '../questdb/tables/regimes.ts';
import type { Instrument, SqlReader } from '../questdb/table.ts';

export const TRADE_GROUPS = ['account', 'symbol', 'bot', 'model', 'regime'] as const;
export type TradeGroup = (typeof TRADE_GROUPS)[number];

export interface TradesRequest {
  /** Whatever is left out is not limited. */
  readonly account?: string | undefined;
  readonly venue?: string | undefined;
  readonly symbol?: string | undefined;
  /** Half-open, of the close. */
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
  /** Back from the newest close of each market. */
  readonly newestUs?: number | undefined;
}

export interface GroupPerformance extends Performance {
  readonly account: string;
  /** Of all amounts. */
  readonly currency: string;
  /** `oanda:EUR/USD`, a bot, a model, `usual trend`, or `all`; `none` where there is no such. */
  readonly group: string;
}

/** A closed trade, and where its account stood. */
export interface Closed extends Instrument {
  readonly trade_id: string;
  readonly account: string;
  readonly currency: string;
  readonly bot: string | null;
  readonly model_id: string | null;
  readonly side: string;
  readonly closed_at: number;
  /** In the account's currency. */
  readonly pnl: string;
  readonly exit_reason: string | null;
  /** Of the account, in front of this trade. */
  readonly equity_before: string;
  /** The decision's candle; null for a trade without a signal. */
  readonly signal_ts: number | null;
}

/**
 * By account and group, in their order; `trades` in the order of their closes. A group's equity
 * starts at what its account had in front of the group's first trade.
 */
export async function performanceBy(
  by: TradeGroup,
  trades: readonly Closed[],
  reader: SqlReader,
): Promise<GroupPerformance[]> {
  const groupName = await makeGrouping(by, trades, reader);
  const groups = new Map<string, { first: Closed; group: string; tally: PerformanceTally }>();
  for (const trade of trades) {
    const group = groupName(trade);
    const key = JSON.stringify([trade.account, group]);
    const known = groups.get(key);
    const tally = known?.tally ?? new PerformanceTally(trade.equity_before);
    if (known === undefined) groups.set(key, { first: trade, group, tally });
    tally.add({ closedTs: trade.closed_at, pnl: trade.pnl });
  }
  return [...groups.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([
        ,
        {
          first: { account, currency },
          group,
          tally,
        },
      ]) => ({
        account,
        currency,
        group,
        ...tally.performance(),
      }),
    );
}

const GROUPS: Readonly<Record<Exclude<TradeGroup, 'regime'>, (trade: Closed) => string | null>> = {
  account: () => 'all',
  symbol: instrumentKey,
  bot: ({ bot }) => bot,
  model: ({ model_id }) => model_id,
};

/** The group of each of the trades. */
export async function makeGrouping(
  by: TradeGroup,
  trades: readonly Closed[],
  reader: SqlReader,
): Promise<(trade: Closed) => string> {
  const groupName = by === 'regime' ? await byRegime(reader, trades) : GROUPS[by];
  return (trade) => groupName(trade) ?? 'none';
}

/** Oldest close first. */
export async function closedTrades(pool: Pool, request: TradesRequest): Promise<Closed[]> {
  const { account, venue, symbol, fromUs, toUs, newestUs } = request;
  const at = (us: number | undefined): string | null => (us === undefined ? null : formatUs(us));
  const { rows } = await pool.query<Closed>(
    `SELECT * FROM (
       SELECT t.trade_id, t.account, a.currency, t.bot, t.model_id, t.venue, t.symbol, t.side,
         t.closed_at, t.account_pnl AS pnl, t.exit_reason, s.ts AS signal_ts,
         a.opening_balance - t.account_pnl + sum(t.account_pnl) OVER (
           PARTITION BY t.account ORDER BY t.closed_at, t.trade_id) AS equity_before,
         max(t.closed_at) OVER (PARTITION BY t.venue, t.symbol) AS newest
       FROM trades t JOIN accounts a USING (account) LEFT JOIN signals s USING (signal_id)
       WHERE t.state = 'closed' AND ($1::text IS NULL OR t.account = $1)) closed
     WHERE ($2::text IS NULL OR venue = $2) AND ($3::text IS NULL OR symbol = $3)
       AND ($4::timestamptz IS NULL OR closed_at >= $4)
       AND ($5::timestamptz IS NULL OR closed_at < $5)
       AND ($6::float8 IS NULL OR closed_at > newest - $6 * interval '1 microsecond')
     ORDER BY closed_at, trade_id`,
    [account ?? null, venue ?? null, symbol ?? null, at(fromUs), at(toUs), newestUs ?? null],
  );
  return rows;
}

/** By the values that were served at the decision. */
async function byRegime(
  reader: SqlReader,
  trades: readonly Closed[],
): Promise<(trade: Closed) => string | null> {
  const regimes = new Map<string, Map<number, string | null>>();
  for (const [key, { instrument, fromUs, lastUs }] of decidedRanges(trades)) {
    const range = { fromUs, toUs: lastUs + 1 };
    regimes.set(key, await readRegimes(reader, instrument, range));
  }
  return (trade) => regimes.get(instrumentKey(trade))?.get(trade.signal_ts ?? Number.NaN) ?? null;
}

interface Decided {
  readonly instrument: Instrument;
  readonly fromUs: number;
  readonly lastUs: number;
}

function decidedRanges(trades: readonly Closed[]): Map<string, Decided> {
  const ranges = new Map<string, Decided>();
  for (const { venue, symbol, signal_ts: ts } of trades) {
    if (ts === null) continue;
    const instrument = { venue, symbol };
    const { fromUs, lastUs } = ranges.get(instrumentKey(instrument)) ?? { fromUs: ts, lastUs: ts };
    ranges.set(instrumentKey(instrument), {
      instrument,
      fromUs: Math.min(fromUs, ts),
      lastUs: Math.max(lastUs, ts),
    });
  }
  return ranges;
}
