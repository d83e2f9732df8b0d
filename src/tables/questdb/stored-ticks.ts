/** Questions about what came in -> instruments, watermarks, prices in order, and gaps. */
import { compareIds } from '../../domain/tick.ts';
import { formatUs, parseUs } from '../../domain/time.ts';
import type { QualityRow } from './quality-events.ts';
import { loadSql } from './sql.ts';
import type { Instrument, SqlReader, Stretch } from './table.ts';

export interface StoredInstrument extends Instrument {
  readonly from_ts: number;
  readonly to_ts: number;
  readonly trades: number;
  readonly quotes: number;
}

/** Every stored instrument with its first and last `ts` and its numbers of trades and quotes. */
export const storedInstruments = (reader: SqlReader): Promise<StoredInstrument[]> =>
  reader.query<StoredInstrument>(loadSql('queries/instruments'));

/** The same of what lies at or behind `sinceUs` alone. */
export const storedInstrumentsSince = (
  reader: SqlReader,
  sinceUs: number,
): Promise<StoredInstrument[]> =>
  reader.query<StoredInstrument>(loadSql('queries/instruments_since'), [formatUs(sinceUs)]);

export interface StoredPrice {
  readonly ts: number;
  readonly known_at: number;
  readonly kind: 'trade' | 'quote';
  readonly id: string;
  /** The trade's price; a quote's mid, NaN where it has one side only. */
  readonly price: number;
  /** When it came, if it was imported. */
  readonly imported_at: number | null;
  /** An import that came as history: `known_at` is then when it came, not what it claims. */
  readonly came_by: string | null;
}

/** To outcomes of what was served, history that was fed later was not known before. */
const CLOCKS = `ts, CASE WHEN came_by = 'backfill' THEN imported_at ELSE known_at END AS known_at,
  imported_at, came_by`;

/**
 * The prices of an instrument with `ts` in [fromUs, toUs), in the order in which the stream handed
 * them on: (`ts`, kind, id). The mid is computed here as the stream computes it.
 */
export async function readPrices(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs }: Stretch,
): Promise<StoredPrice[]> {
  const where = 'WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4';
  const params = [venue, symbol, formatUs(fromUs), formatUs(toUs)];
  const [trades, quotes] = await Promise.all([
    reader.query<Omit<StoredPrice, 'kind'>>(
      `SELECT ${CLOCKS}, id, price FROM ticks ${where}`,
      params,
    ),
    reader.query<Omit<StoredPrice, 'kind' | 'price'> & { bid: number | null; ask: number | null }>(
      `SELECT ${CLOCKS}, id, bid, ask FROM quotes ${where}`,
      params,
    ),
  ]);
  const prices: StoredPrice[] = [];
  for (const { bid, ask, ...clocks } of quotes) {
    prices.push({ ...clocks, kind: 'quote', price: ((bid ?? NaN) + (ask ?? NaN)) / 2 });
  }
  for (const trade of trades) prices.push({ ...trade, kind: 'trade' });
  return prices.sort(compareStored);
}

function compareStored(a: StoredPrice, b: StoredPrice): number {
  if (a.ts !== b.ts) return a.ts - b.ts;
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return compareIds(a.id, b.id);
}

export interface StoredGap {
  readonly fromTs: number;
  readonly toTs: number;
  readonly knownAt: number;
}

/**
 * The gaps that touch [fromUs, toUs). An event stands at the end of its gap, and gaps of one
 * instrument do not overlap: so it is those that end inside, and the first that ends behind it.
 */
export async function gapsTouching(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs }: Stretch,
): Promise<StoredGap[]> {
  const of = `SELECT * FROM quality_events WHERE venue = $1 AND symbol = $2 AND kind = 'gap'`;
  const [inside, behind] = await Promise.all([
    reader.query<QualityRow>(`${of} AND ts >= $3 AND ts < $4 ORDER BY ts`, [
      venue,
      symbol,
      formatUs(fromUs),
      formatUs(toUs),
    ]),
    reader.query<QualityRow>(`${of} AND ts >= $3 ORDER BY ts LIMIT 1`, [
      venue,
      symbol,
      formatUs(toUs),
    ]),
  ]);
  return [...inside, ...behind].map(gapOf).filter(({ fromTs }) => fromTs < toUs);
}

function gapOf({ detail, known_at }: QualityRow): StoredGap {
  const { from_ts, to_ts } = JSON.parse(detail) as { from_ts: string; to_ts: string };
  return { fromTs: parseUs(from_ts), toTs: parseUs(to_ts), knownAt: known_at };
}
