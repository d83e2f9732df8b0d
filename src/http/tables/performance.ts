/** Sums over closed trades, exact in PostgreSQL, as the HTTP server reads them. */
import type pg from 'pg';
import { formatUs } from '../../domain/time.ts';
import type { DbRow } from './postgres-list.ts';

/** Closed trades by account, bot and UTC day of their close, in the account's currency. */
export async function dailyPerformance(
  pool: pg.Pool,
  account: string | undefined,
  limit: number,
): Promise<DbRow[]> {
  const sql = `SELECT t.account, t.bot, (t.closed_at AT TIME ZONE 'UTC')::date AS day, a.currency,
      count(*) AS trades,
      count(*) FILTER (WHERE t.account_pnl > 0) AS winners,
      count(*) FILTER (WHERE t.account_pnl < 0) AS losers,
      coalesce(sum(t.account_pnl) FILTER (WHERE t.account_pnl > 0), 0) AS gross_profit,
      coalesce(sum(t.account_pnl) FILTER (WHERE t.account_pnl < 0), 0) AS gross_loss,
      sum(t.account_pnl) AS net_pnl
    FROM trades t JOIN accounts a USING (account)
    WHERE t.state = 'closed' AND ($1::text IS NULL OR t.account = $1)
    GROUP BY t.account, t.bot, day, a.currency
    ORDER BY day DESC, t.account, t.bot LIMIT $2`;
  return (await pool.query<DbRow>(sql, [account ?? null, limit])).rows;
}

/** The newest `limit` closes, or those before one of them, with the running sum of everything before them, oldest first. */
export async function equityCurve(
  pool: pg.Pool,
  account: string | undefined,
  limit: number,
  before: { readonly tsUs: number; readonly tradeId: string } | null = null,
): Promise<DbRow[]> {
  const sql = `SELECT * FROM (SELECT * FROM (
      SELECT t.account, a.currency, t.closed_at AS ts, t.trade_id, t.account_pnl AS net_pnl,
        sum(t.account_pnl) OVER running AS cumulative_net_pnl,
        a.opening_balance + sum(t.account_pnl) OVER running AS equity
      FROM trades t JOIN accounts a USING (account)
      WHERE t.state = 'closed' AND ($1::text IS NULL OR t.account = $1)
      WINDOW running AS (PARTITION BY t.account ORDER BY t.closed_at, t.trade_id)
    ) every
      WHERE $3::timestamptz IS NULL OR (ts, trade_id) < ($3, $4)
      ORDER BY ts DESC, trade_id DESC LIMIT $2
    ) newest ORDER BY ts, trade_id`;
  const key = before === null ? [null, null] : [formatUs(before.tsUs), before.tradeId];
  return (await pool.query<DbRow>(sql, [account ?? null, limit, ...key])).rows;
}
