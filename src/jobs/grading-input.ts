/**
 * QuestDB -> what a stretch of decisions is graded by: prices, when each was known, and gaps.
 *
 * A label and a grade are known since the record that showed their horizon to be over, so whatever
 * arrived first behind the end is read too.
 */
import type { Arrival, LabelGap, LabelPrice } from '../../pipelines/labels.ts';
import { must } from '../assert.ts';
import { formatUs } from '../domain/time.ts';
import { gapsTouching, readPrices, type StoredPrice } from '../tables/questdb/stored-ticks.ts';
import type { Instrument, SqlReader } from '../tables/questdb/table.ts';

const READ = ['ticks', 'quotes', 'heartbeats', 'quality_events'];

export interface GradingInput {
  readonly prices: readonly LabelPrice[];
  readonly arrivals: readonly Arrival[];
  readonly gaps: readonly LabelGap[];
}

/**
 * For decisions from `fromUs` on whose horizons and lateness are over by `endUs`, both microseconds
 * of event time. The stored watermark has to be at or behind `endUs`.
 */
export async function gradingInput(
  reader: SqlReader,
  instrument: Instrument,
  { fromUs, endUs, latenessUs }: { fromUs: number; endUs: number; latenessUs: number },
): Promise<GradingInput> {
  // What the watermark vouches for is written; now it is to be read, too.
  await reader.waitApplied(READ);
  // Whoever arrived first behind the end: others of nearly the same time may have come before.
  const shownTs = must(await firstStoredFrom(reader, instrument, endUs));
  const stretch = { fromUs, toUs: shownTs + latenessUs + 1 };
  const stored = await readPrices(reader, instrument, stretch);
  const heartbeats = await readHeartbeats(reader, instrument, stretch);
  return {
    prices: pricesOf(stored),
    arrivals: [...stored.map(arrivalOf), ...heartbeats].toSorted((a, b) => a.ts - b.ts),
    gaps: await gapsTouching(reader, instrument, { fromUs, toUs: endUs }),
  };
}

const arrivalOf = ({ ts, known_at }: StoredPrice): Arrival => ({ ts, knownAt: known_at });

/** A traded instrument is graded by its trades, any other by its mids. */
export function pricesOf(stored: readonly StoredPrice[]): LabelPrice[] {
  const traded = stored.some(({ kind }) => kind === 'trade');
  return stored
    .filter(({ kind }) => (kind === 'trade') === traded)
    .map(({ ts, known_at, price, id }) => ({ ts, knownAt: known_at, price, id }));
}

const TABLES = ['ticks', 'quotes', 'heartbeats'] as const;

async function firstStoredFrom(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  fromUs: number,
): Promise<number | null> {
  const asked = TABLES.map((table) =>
    reader.query<{ ts: number }>(
      `SELECT ts FROM ${table} WHERE venue = $1 AND symbol = $2 AND ts >= $3 ORDER BY ts LIMIT 1`,
      [venue, symbol, formatUs(fromUs)],
    ),
  );
  const found = (await Promise.all(asked)).flat().map(({ ts }) => ts);
  return found.length === 0 ? null : Math.min(...found);
}

async function readHeartbeats(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Promise<Arrival[]> {
  const rows = await reader.query<{ ts: number; known_at: number }>(
    `SELECT ts, known_at FROM heartbeats
     WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs)],
  );
  return rows.map(({ ts, known_at }) => ({ ts, knownAt: known_at }));
}
