/** Questions about what came in -> instruments, watermarks, prices in order, and gaps. */
import { compareIds } from '../../domain/tick.ts';
import { grouped } from '../../grouped.ts';
import { formatUs, parseUs } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { QualityRow } from './quality-events.ts';
import { loadSql } from './sql.ts';
import type { Instrument, SqlReader, TimeRange } from '../table.ts';

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

/** Whether anything of it is stored, by the first row of it that is found. */
export async function isStored(reader: SqlReader, { venue, symbol }: Instrument): Promise<boolean> {
  for (const table of ['ticks', 'quotes']) {
    const sql = `SELECT ts FROM ${table} WHERE venue = $1 AND symbol = $2 LIMIT 1`;
    if ((await reader.query(sql, [venue, symbol])).length > 0) return true;
  }
  return false;
}

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
  { fromUs, toUs }: TimeRange,
): Promise<StoredPrice[]> {
  const where = 'WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4';
  const params = [venue, symbol, formatUs(fromUs), formatUs(toUs)];
  const [trades, quotes] = await Promise.all([
    reader.query<Trade>(`SELECT ${CLOCKS}, id, price FROM ticks ${where}`, params),
    reader.query<Quote>(`SELECT ${CLOCKS}, id, bid, ask FROM quotes ${where}`, params),
  ]);
  return [...trades.map(tradePrice), ...quotes.map(quotePrice)].sort(compareStored);
}

/** The same of every instrument at once, by its key; of those alone that `isWanted`. */
export async function readPricesByInstrument(
  reader: SqlReader,
  { fromUs, toUs }: TimeRange,
  isWanted: (key: string) => boolean,
): Promise<Map<string, StoredPrice[]>> {
  const where = 'WHERE ts >= $1 AND ts < $2';
  const params = [formatUs(fromUs), formatUs(toUs)];
  const of = `venue, symbol, ${CLOCKS}, id`;
  const trades = await reader.query<Trade & Instrument>(
    `SELECT ${of}, price FROM ticks ${where}`,
    params,
  );
  const quotes = await reader.query<Quote & Instrument>(
    `SELECT ${of}, bid, ask FROM quotes ${where}`,
    params,
  );
  const found = new Map<string, StoredPrice[]>();
  const take = (key: string, price: StoredPrice): void => {
    const before = found.get(key);
    if (before !== undefined) before.push(price);
    else if (isWanted(key)) found.set(key, [price]);
  };
  for (const row of trades) take(instrumentKey(row), tradePrice(row));
  for (const row of quotes) take(instrumentKey(row), quotePrice(row));
  for (const prices of found.values()) prices.sort(compareStored);
  return found;
}

type Trade = Omit<StoredPrice, 'kind'>;

interface Quote extends Omit<StoredPrice, 'kind' | 'price'> {
  readonly bid: number | null;
  readonly ask: number | null;
}

const tradePrice = ({ ts, known_at, id, price, imported_at, came_by }: Trade): StoredPrice => ({
  ts,
  known_at,
  kind: 'trade',
  id,
  price,
  imported_at,
  came_by,
});

const quotePrice = ({ ts, known_at, id, bid, ask, imported_at, came_by }: Quote): StoredPrice => ({
  ts,
  known_at,
  kind: 'quote',
  id,
  price: ((bid ?? NaN) + (ask ?? NaN)) / 2,
  imported_at,
  came_by,
});

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
  { fromUs, toUs }: TimeRange,
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
  return [...inside, ...behind].map(parseGap).filter(({ fromTs }) => fromTs < toUs);
}

/** Gaps of every instrument that end in [fromUs, toUs), by its key, in the order of their ends. */
export async function readGapsByInstrument(
  reader: SqlReader,
  { fromUs, toUs }: TimeRange,
): Promise<Map<string, StoredGap[]>> {
  const rows = await reader.query<QualityRow & Instrument>(
    `SELECT * FROM quality_events WHERE kind = 'gap' AND ts >= $1 AND ts < $2 ORDER BY ts`,
    [formatUs(fromUs), formatUs(toUs)],
  );
  const gaps = new Map<string, StoredGap[]>();
  for (const [key, own] of grouped(rows, instrumentKey)) gaps.set(key, own.map(parseGap));
  return gaps;
}

function parseGap({ detail, known_at }: QualityRow): StoredGap {
  const { from_ts, to_ts } = JSON.parse(detail) as { from_ts: string; to_ts: string };
  return { fromTs: parseUs(from_ts), toTs: parseUs(to_ts), knownAt: known_at };
}
