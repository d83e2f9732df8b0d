/**
 * QuestDB -> what a range of decisions is graded by: prices, when each was known, and gaps.
 *
 * A label and a grade are known since the record that showed their horizon to be over, so whatever
 * was known first of what lies behind the end is read too. That may not be the first by event time:
 * a late tick can have come between, and when a job runs must not change what it says.
 */
import type { PriceSource } from '../../src/domain/records/candle.ts';
import type { Arrival, GradingInput, LabelPrice } from './grading.ts';
import { must } from '../../src/assert.ts';
import { hasPrice } from '../../src/domain/tick.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { grouped } from '../../src/grouped.ts';
import { formatUs } from '../../src/domain/time.ts';
import {
  gapsTouching,
  readPrices,
  type StoredPrice,
} from '../../src/questdb/tables/stored-ticks.ts';
import type { Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';

const READ = ['ticks', 'quotes', 'heartbeats', 'quality_events'];

export interface Graded {
  /** Microseconds of event time: of the first decision, and when the last horizon is over. */
  readonly fromUs: number;
  readonly endUs: number;
  /** What all of the decisions are graded by; see `bySource`. */
  readonly source: PriceSource | null;
}

/**
 * Of an instrument. The stored watermark has to be at or behind `endUs`, which has the lateness.
 */
export async function gradingInput(
  reader: SqlReader,
  instrument: Instrument,
  { fromUs, endUs, source }: Graded,
): Promise<GradingInput> {
  // What the watermark vouches for is written; now it is to be read, too.
  await reader.waitApplied(READ);
  const shown = must(await firstKnownFrom(reader, instrument, endUs));
  const range = { fromUs, toUs: shown.ts + 1 };
  const stored = await readPrices(reader, instrument, range);
  const heartbeats = await readHeartbeats(reader, instrument, range);
  return {
    prices: toPrices(stored, source),
    arrivals: [...toArrivals(stored), ...heartbeats].toSorted((a, b) => a.ts - b.ts),
    gaps: await gapsTouching(reader, instrument, { fromUs, toUs: endUs }),
  };
}

/** History that was imported later shows nothing: when this job runs must not change a label. */
export const toArrivals = (stored: readonly StoredPrice[]): Arrival[] =>
  stored.flatMap(({ ts, known_at, imported_at, came_by }) =>
    came_by === null ? [{ ts, knownAt: known_at, importedAt: imported_at }] : [],
  );

/** Those of the source. Where that is not known: trades, or mids where there are none. */
export function toPrices(stored: readonly StoredPrice[], source: PriceSource | null): LabelPrice[] {
  const traded = source === null ? stored.some(({ kind }) => kind === 'trade') : source === 'trade';
  return stored
    .filter((price) => (price.kind === 'trade') === traded && hasPrice(price))
    .map(({ ts, known_at, price, id }) => ({ ts, knownAt: known_at, price, id }));
}

/** With what keeps history that was imported later out. */
const TABLES = {
  ticks: ' AND came_by IS NULL',
  quotes: ' AND came_by IS NULL',
  heartbeats: '',
} as const;

/**
 * Of all that lies at or behind `fromUs` what was known first: the first by event time, unless that
 * came late. Whatever was known before it lies before its `known_at`, too.
 */
export async function firstKnownFrom(
  reader: SqlReader,
  instrument: Instrument,
  fromUs: number,
): Promise<Arrived | null> {
  let first = await earliest(reader, instrument, 'ts >= $3', [formatUs(fromUs)]);
  for (let next = first; next !== null;) {
    first = next;
    const before = [formatUs(fromUs), formatUs(first.known_at)];
    const where = 'ts >= $3 AND ts < $4 AND known_at < $4';
    next = await earliest(reader, instrument, where, before);
  }
  return first;
}

interface Arrived {
  readonly ts: number;
  readonly known_at: number;
}

/** Of the first row by `ts` in each table the one that was known first. */
async function earliest(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  where: string,
  params: readonly string[],
): Promise<Arrived | null> {
  const queries = Object.entries(TABLES).map(([table, shows]) =>
    reader.query<Arrived>(
      `SELECT ts, known_at FROM ${table} WHERE venue = $1 AND symbol = $2 AND ${where}${shows}
       ORDER BY ts LIMIT 1`,
      [venue, symbol, ...params],
    ),
  );
  const found = (await Promise.all(queries)).flat();
  return found.toSorted((a, b) => a.known_at - b.known_at)[0] ?? null;
}

export async function readHeartbeats(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Promise<Arrival[]> {
  const rows = await reader.query<Heartbeat>(
    `SELECT ts, known_at, imported_at FROM heartbeats
     WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs)],
  );
  return rows.map(toArrival);
}

/** The same of every instrument, by its key. */
export async function readHeartbeatsByInstrument(
  reader: SqlReader,
  { fromUs, toUs }: TimeRange,
): Promise<ReadonlyMap<string, readonly Arrival[]>> {
  const rows = await reader.query<Heartbeat & Instrument>(
    `SELECT venue, symbol, ts, known_at, imported_at FROM heartbeats WHERE ts >= $1 AND ts < $2`,
    [formatUs(fromUs), formatUs(toUs)],
  );
  const found = new Map<string, Arrival[]>();
  for (const [key, own] of grouped(rows, instrumentKey)) found.set(key, own.map(toArrival));
  return found;
}

interface Heartbeat {
  readonly ts: number;
  readonly known_at: number;
  readonly imported_at: number | null;
}

const toArrival = ({ ts, known_at, imported_at }: Heartbeat): Arrival => ({
  ts,
  knownAt: known_at,
  importedAt: imported_at,
});
