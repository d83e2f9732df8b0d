/** `backfilled`: over which range history of an instrument was fed; see the sink. */
import type { Pool } from 'pg';

export interface Backfilled {
  readonly instrument: string;
  readonly fromTs: number;
  readonly toTs: number;
  /** The latest of it. */
  readonly knownAt: number;
}

/** Only ever widens what is there: in any order and any number of times the same. */
export async function noteBackfilled(pool: Pool, parts: readonly Backfilled[]): Promise<void> {
  await pool.query(
    `INSERT INTO backfilled AS b (instrument, from_ts, to_ts, known_at)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) ORDER BY 1
     ON CONFLICT (instrument) DO UPDATE
       SET from_ts = least(b.from_ts, excluded.from_ts), to_ts = greatest(b.to_ts, excluded.to_ts),
         known_at = greatest(b.known_at, excluded.known_at)`,
    [
      parts.map(({ instrument }) => instrument),
      parts.map(({ fromTs }) => fromTs),
      parts.map(({ toTs }) => toTs),
      parts.map(({ knownAt }) => knownAt),
    ],
  );
}

/** What became known behind `sinceUs`. */
export async function backfilledSince(pool: Pool, sinceUs: number): Promise<Backfilled[]> {
  const { rows } = await pool.query<Backfilled>(
    `SELECT instrument, from_ts AS "fromTs", to_ts AS "toTs", known_at AS "knownAt"
     FROM backfilled WHERE known_at > $1 ORDER BY instrument`,
    [sinceUs],
  );
  return rows;
}
