/** The newest rows of an instrument and of the registry: what live events are found from. */
import type pg from 'pg';
import { formatUs } from '../../domain/time.ts';
import type { Instrument, SqlReader } from '../../questdb/table.ts';
import type { DbRow } from './postgres-list.ts';

/** Candles and predictions of one poll at most: behind a faster replay, lists are read again. */
export const MAX_NEW_ROWS = 1_000;

/** Candles of all timeframes that start at or after `fromUs`, oldest first. */
export const candlesFrom = (
  reader: SqlReader,
  { venue, symbol }: Instrument,
  fromUs: number,
): Promise<DbRow[]> =>
  reader.query<DbRow>(
    `SELECT * FROM candles WHERE venue = $1 AND symbol = $2 AND revision = 0 AND ts >= $3
      ORDER BY ts LIMIT ${MAX_NEW_ROWS}`,
    [venue, symbol, formatUs(fromUs)],
  );

/** The newest start of a candle by timeframe. */
export const newestCandles = (
  reader: SqlReader,
  { venue, symbol }: Instrument,
): Promise<{ timeframe: string; ts: number }[]> =>
  reader.query('SELECT timeframe, max(ts) AS ts FROM candles WHERE venue = $1 AND symbol = $2', [
    venue,
    symbol,
  ]);

/** Predictions of a spec by its champion, later than `afterUs`, oldest first. */
export const predictionsAfter = (
  reader: SqlReader,
  { venue, symbol }: Instrument,
  labelSpec: string,
  afterUs: number,
): Promise<DbRow[]> =>
  reader.query<DbRow>(
    `SELECT * FROM predictions WHERE venue = $1 AND symbol = $2 AND label_spec = $3
      AND slot = 'champion' AND ts > $4 ORDER BY ts LIMIT ${MAX_NEW_ROWS}`,
    [venue, symbol, labelSpec, formatUs(afterUs)],
  );

/** `ts` of the newest prediction of a spec by its champion; -1 without one. */
export async function newestPrediction(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  labelSpec: string,
): Promise<number> {
  const [row] = await reader.query<{ ts: number | null }>(
    `SELECT max(ts) AS ts FROM predictions WHERE venue = $1 AND symbol = $2 AND label_spec = $3
      AND slot = 'champion'`,
    [venue, symbol, labelSpec],
  );
  return row?.ts ?? -1;
}

/** The newest 100 signals of an instrument. */
export async function newestSignals(pool: pg.Pool, i: Instrument): Promise<DbRow[]> {
  const sql = `SELECT * FROM signals WHERE venue = $1 AND symbol = $2
    ORDER BY decided_ts DESC LIMIT 100`;
  return (await pool.query<DbRow>(sql, [i.venue, i.symbol])).rows;
}

/** The newest 100 trades of an instrument. */
export async function newestTrades(pool: pg.Pool, i: Instrument): Promise<DbRow[]> {
  const sql = `SELECT * FROM trades WHERE venue = $1 AND symbol = $2
    ORDER BY opened_at DESC LIMIT 100`;
  return (await pool.query<DbRow>(sql, [i.venue, i.symbol])).rows;
}

/** States of the newest 200 models, and when each came into force last. */
export async function modelStates(pool: pg.Pool): Promise<DbRow[]> {
  const sql = `SELECT m.model_id, m.venue, m.symbol, m.label_spec, m.state, m.verdict, m.trained_at,
      (SELECT max(a.from_ts) FROM model_activations a WHERE a.model_id = m.model_id) AS from_ts,
      (SELECT max(a.until_ts) FROM model_activations a WHERE a.model_id = m.model_id) AS until_ts
    FROM models m ORDER BY m.created_at DESC LIMIT 200`;
  return (await pool.query<DbRow>(sql)).rows;
}
