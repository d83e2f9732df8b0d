/** `stored_watermarks`: up to which event time all of an instrument is stored; see the sink. */
import type { Pool } from 'pg';
import { must } from '../../assert.ts';
import { parseInstrumentKey } from '../../domain/wire.ts';
import type { Instrument } from '../../questdb/table.ts';

/** All of an instrument that lies in the log before the tick of `reachedTs` is in the tables. */
export interface StoredWatermark {
  readonly instrument: string;
  readonly reachedTs: number;
  /** The log's clock by then; null: it had none yet. */
  readonly clockUs?: number | null;
}

/** Never moves one back: what a process that lost its partition has stored, it has stored. */
export async function noteStored(pool: Pool, reached: readonly StoredWatermark[]): Promise<void> {
  await pool.query(
    `INSERT INTO stored_watermarks AS w (instrument, reached_ts, moved_us)
     SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) ORDER BY 1
     ON CONFLICT (instrument) DO UPDATE
       SET reached_ts = greatest(w.reached_ts, excluded.reached_ts),
         moved_us = greatest(w.moved_us, excluded.moved_us)`,
    [
      reached.map(({ instrument }) => instrument),
      reached.map(({ reachedTs }) => reachedTs),
      reached.map(({ clockUs }) => clockUs ?? null),
    ],
  );
}

/** Whoever was not seen to move, from before that was kept, counts as moving now. */
export async function noteMoved(pool: Pool, nowUs: number): Promise<void> {
  await pool.query('UPDATE stored_watermarks SET moved_us = $1 WHERE moved_us IS NULL', [nowUs]);
}

/** Of every instrument, how far it has come and when it last moved. */
export async function marketTimes(pool: Pool): Promise<ReadonlyMap<string, MarketTime>> {
  const { rows } = await pool.query<MarketTime & { instrument: string }>(
    `SELECT instrument, reached_ts AS "reachedTs", moved_us AS "movedUs" FROM stored_watermarks`,
  );
  return new Map(rows.map(({ instrument, ...times }) => [instrument, times]));
}

/** How far its event time has come, and when it last moved by the log's clock. */
interface MarketTime {
  readonly reachedTs: number;
  readonly movedUs: number | null;
}

/** Event time, microseconds; null when nothing of the instrument is stored. */
export async function storedWatermark(pool: Pool, instrument: string): Promise<number | null> {
  const { rows } = await pool.query<{ reached_ts: number }>(
    'SELECT reached_ts FROM stored_watermarks WHERE instrument = $1',
    [instrument],
  );
  return rows[0]?.reached_ts ?? null;
}

/** Of every instrument, in the order of their names. */
export async function storedWatermarks(
  pool: Pool,
): Promise<readonly (Instrument & { readonly reachedTs: number })[]> {
  const { rows } = await pool.query<{ instrument: string; reached_ts: number }>(
    'SELECT instrument, reached_ts FROM stored_watermarks ORDER BY instrument',
  );
  return rows.map(({ instrument, reached_ts: reachedTs }) => ({
    ...must(parseInstrumentKey(instrument)),
    reachedTs,
  }));
}
