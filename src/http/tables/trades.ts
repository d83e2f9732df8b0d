/** Fills of a trade, as the HTTP server reads them. */
import type pg from 'pg';
import type { DbRow } from './postgres-list.ts';

/** The fills of a trade, oldest first. */
export async function tradeFills(pool: pg.Pool, tradeId: string): Promise<DbRow[]> {
  const sql = 'SELECT * FROM fills WHERE trade_id = $1 ORDER BY ts, fill_id';
  return (await pool.query<DbRow>(sql, [tradeId])).rows;
}
