/**
 * The stored rows at given moments of one instrument, and the verdicts given there before: what a
 * late tick is judged by.
 *
 * Stale ticks mostly come in runs (a file fed again), where one range read is best. Ticks strewn
 * over years are read one by one instead: a range that holds far more rows than moments is
 * recognised by its limit and given up.
 */
import { formatUs } from '../../domain/time.ts';
import type { QualityRow } from './quality-events.ts';
import type { QuoteRow } from './quotes.ts';
import type { Instrument, SqlReader } from '../table.ts';
import type { TickRow } from './ticks.ts';

/** A range may hold this many times the rows that are looked for. */
const RANGE_SURPLUS = 4;
const RANGE_MIN_ROWS = 5_000;
/** Moments in one statement. */
const LIST_LENGTH = 500;

const TABLES = {
  trade: 'ticks',
  quote: 'quotes',
  event: 'quality_events',
} as const;

export const storedKey = ({ ts, id }: { readonly ts: number; readonly id: string }): string =>
  `${ts}|${id}`;

/** The stored ticks or quotes of an instrument at these `ts`, by `storedKey`. */
export async function storedAt(
  reader: SqlReader,
  kind: 'trade' | 'quote',
  instrument: Instrument,
  times: readonly number[],
): Promise<Map<string, TickRow | QuoteRow>> {
  const rows = await rowsAt<TickRow | QuoteRow>(reader, kind, instrument, times);
  return new Map(rows.map((row) => [storedKey(row), row]));
}

/** The late and correction events of an instrument at these `ts`, by source. */
export async function verdictsAt(
  reader: SqlReader,
  instrument: Instrument,
  times: readonly number[],
): Promise<Map<string, QualityRow>> {
  const rows = await rowsAt<QualityRow>(reader, 'event', instrument, times);
  const verdicts = rows.filter(({ kind }) => kind === 'late' || kind === 'correction');
  return new Map(verdicts.map((row) => [row.source, row]));
}

async function rowsAt<Row extends object>(
  reader: SqlReader,
  what: keyof typeof TABLES,
  { venue, symbol }: Instrument,
  times: readonly number[],
): Promise<Row[]> {
  const sorted = times.toSorted((a, b) => a - b);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return [];
  const from = `SELECT * FROM ${TABLES[what]} WHERE venue = $1 AND symbol = $2`;
  const limit = Math.max(RANGE_MIN_ROWS, RANGE_SURPLUS * sorted.length);
  const inRange = await reader.query<Row>(`${from} AND ts >= $3 AND ts <= $4 LIMIT ${limit}`, [
    venue,
    symbol,
    formatUs(first),
    formatUs(last),
  ]);
  if (inRange.length < limit) return inRange;
  const rows: Row[] = [];
  for (let at = 0; at < sorted.length; at += LIST_LENGTH) {
    // Our own text of integers: nothing of the input gets into the statement.
    const list = sorted.slice(at, at + LIST_LENGTH).map((ts) => `'${formatUs(ts)}'`);
    const some = await reader.query<Row>(`${from} AND ts IN (${list.join()})`, [venue, symbol]);
    for (const row of some) rows.push(row);
  }
  return rows;
}
