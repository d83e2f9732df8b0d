/** Where the books do not agree with themselves, and fills that are not in them. */
import type { Pool } from 'pg';

export interface BookBreak {
  readonly account: string;
  readonly what: string;
  readonly currency: string;
  /** Decimal texts. */
  readonly expected: string;
  readonly found: string;
  readonly difference: string;
}

/** Of `account_breaks`, at most 100; a sound installation has none. */
export async function bookBreaks(pool: Pool): Promise<BookBreak[]> {
  const { rows } = await pool.query<BookBreak>(
    `SELECT account, what, currency, trim_scale(expected::numeric)::text AS expected,
       trim_scale(found::numeric)::text AS found,
       trim_scale((found - expected)::numeric)::text AS difference
     FROM account_breaks ORDER BY account, what, currency LIMIT 100`,
  );
  return rows;
}

export interface WaitingFills {
  readonly account: string;
  readonly fills: number;
  /** The first of them. */
  readonly fill_id: string;
  readonly trade_id: string;
}

export async function waitingFills(pool: Pool): Promise<WaitingFills[]> {
  const { rows } = await pool.query<WaitingFills>(
    `SELECT account, count(*) AS fills, (array_agg(fill_id ORDER BY ts, fill_id))[1] AS fill_id,
       (array_agg(trade_id ORDER BY ts, fill_id))[1] AS trade_id
     FROM unbooked_fills GROUP BY account ORDER BY account LIMIT 100`,
  );
  return rows;
}
