/** `signal_refusals`: what bots would trade and may not. */
import type { Pool } from 'pg';

export interface MissingRate {
  /** Which rate, in words. */
  readonly reason: string;
  /** Names, a comma between them. */
  readonly bots: string;
  readonly instruments: number;
  /** The key of one of them. */
  readonly instrument: string;
  readonly decisions: number;
}

/** Exchange rates for want of which somebody trades less. */
export async function missingRates(pool: Pool): Promise<MissingRate[]> {
  const { rows } = await pool.query<MissingRate>(
    `SELECT reason, string_agg(DISTINCT bot, ', ' ORDER BY bot) AS bots,
       count(DISTINCT (venue, symbol)) AS instruments,
       min(venue || ':' || symbol) AS instrument, sum(decisions)::float8 AS decisions
     FROM signal_refusals WHERE cause = 'no_rate' GROUP BY reason ORDER BY reason LIMIT 100`,
  );
  return rows;
}

export interface RefusalGroup {
  readonly bot: string;
  readonly instrument: string;
  readonly reason: string;
  readonly first_ts: number;
  readonly decisions: number;
}

/** All of them, by bot. */
export async function refusals(pool: Pool): Promise<RefusalGroup[]> {
  const { rows } = await pool.query<RefusalGroup>(
    `SELECT bot, venue || ':' || symbol AS instrument, reason, min(first_ts) AS first_ts,
       sum(decisions)::float8 AS decisions
     FROM signal_refusals GROUP BY bot, venue, symbol, reason ORDER BY bot, instrument, reason`,
  );
  return rows;
}
