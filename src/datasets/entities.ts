/**
 * the user's own requests, CSV or Parquet -> `_entities.csv`, and from there the table `requests`
 *
 * Feast's shape: a symbol and a time, and a venue where the symbol alone does not say which one. A
 * request is never dropped or merged with its equal; whatever cannot be understood is an error that
 * names its row.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckRows, identifier, literal, openDuckdb } from '../adapters/duckdb.ts';
import { formatUs, parseUs } from '../domain/time.ts';
import { instrumentOf, keyOf } from '../domain/wire.ts';
import type { Instrument } from '../tables/questdb/table.ts';
import { AskError } from './ask.ts';

/** Names under which the time of a request is found, the first of them that there is. */
const TIME_NAMES = ['ts', 'time', 'request_ts', 'event_timestamp', 'timestamp'];

export interface EntityRow {
  readonly symbol: string | null;
  readonly venue?: string | null;
  /** RFC 3339, a UTC date, or microseconds since 1970. */
  readonly ts: string | number | null;
}

export interface Entities {
  readonly sha256: string;
  readonly rows: number;
  readonly instruments: readonly string[];
  /** `_entities.csv`: venue, symbol and time of each request, in the order of the file. */
  readonly csv: string;
}

/** Reads a file that ends in `.csv` or `.parquet`. Throws an error that names the row at fault. */
export async function readEntityFile(
  file: string,
  known: readonly Instrument[],
): Promise<Entities> {
  const { db, close } = await openDuckdb();
  try {
    const source = /\.parquet$/i.test(file)
      ? `read_parquet(${literal(file)}, file_row_number = true)`
      : `(SELECT *, row_number() OVER () AS file_row_number
          FROM read_csv(${literal(file)}, header = true, all_varchar = true))`;
    const columns = await duckRows<{ name: string; type: string }>(
      db,
      `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${source})`,
    );
    const has = (name: string): boolean => columns.some((column) => column.name === name);
    const time = TIME_NAMES.find(has);
    if (time === undefined || !has('symbol')) {
      const seen = columns.map(({ name }) => name).filter((name) => name !== 'file_row_number');
      throw new AskError(
        `"${file}" has the columns ${seen.join(', ')}; needed are symbol, a time ` +
          `(${TIME_NAMES.join(', ')}) and, where a symbol has several, venue`,
      );
    }
    const type = columns.find(({ name }) => name === time)?.type ?? '';
    const cell = identifier(time);
    const ts = type.startsWith('TIMESTAMP') ? `epoch_us(${cell})` : cell;
    const venue = has('venue') ? 'venue::VARCHAR' : 'NULL::VARCHAR';
    const rows = await duckRows<EntityRow>(
      db,
      `SELECT symbol::VARCHAR AS symbol, ${venue} AS venue, ${ts} AS ts
       FROM ${source} ORDER BY file_row_number`,
    );
    return entitiesOf(rows, known);
  } finally {
    close();
  }
}

/** Requests as they are kept. `known` tells the venue of a symbol that comes without one. */
export function entitiesOf(rows: readonly EntityRow[], known: readonly Instrument[]): Entities {
  if (rows.length === 0) throw new AskError('there is no request in it: nothing to build');
  const keys = new Set<string>();
  const lines = rows.map((row, at) => {
    const where = `request ${at + 1} of ${rows.length}`;
    const { venue, symbol } = instrumentIn(row, known, where);
    keys.add(keyOf({ venue, symbol }));
    return `${field(venue)},${field(symbol)},${formatUs(timeIn(row.ts, where))}`;
  });
  const csv = `venue,symbol,ts\n${lines.join('\n')}\n`;
  const sha256 = createHash('sha256').update(csv).digest('hex');
  return { sha256, rows: rows.length, instruments: [...keys].toSorted(), csv };
}

function instrumentIn(row: EntityRow, known: readonly Instrument[], where: string): Instrument {
  const { symbol, venue } = row;
  if (symbol === null || symbol === '') throw new AskError(`${where} has no symbol`);
  const key = venue === null || venue === undefined || venue === '' ? symbol : `${venue}:${symbol}`;
  const named = instrumentOf(key);
  if (named !== null) return named;
  const venues = known.filter((each) => each.symbol === symbol);
  const [only, ...others] = venues;
  if (only !== undefined && others.length === 0) return only;
  const seen = venues.map((each) => each.venue).join(', ') || 'no venue';
  throw new AskError(`${where}: "${symbol}" is stored of ${seen}; add a column "venue"`);
}

function timeIn(ts: EntityRow['ts'], where: string): number {
  try {
    if (typeof ts === 'string' && !/^-?\d{5,}$/.test(ts)) return parseUs(ts);
    const us = Number(ts ?? Number.NaN);
    if (Number.isSafeInteger(us)) return us;
    throw new RangeError(`"${ts}" is no time`);
  } catch (error) {
    throw new AskError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

const field = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Writes them where a build finds them. */
export const writeEntities = ({ csv }: Entities, file: string): Promise<void> =>
  writeFile(file, csv);

/** `_entities.csv` -> `requests`; `instruments` is filled already. */
export async function loadEntities(db: DuckDBConnection, file: string): Promise<void> {
  await db.run(
    `CREATE TABLE requests AS
     SELECT e.request_row, i.instrument, e.asked_at FROM (
       SELECT row_number() OVER () - 1 AS request_row, venue, symbol,
         epoch_us(ts::TIMESTAMPTZ) AS asked_at
       FROM read_csv(${literal(file)}, auto_detect = false, header = true, delim = ',',
         quote = '"', escape = '"',
         columns = {'venue': 'VARCHAR', 'symbol': 'VARCHAR', 'ts': 'VARCHAR'})
     ) e
     LEFT JOIN instruments i ON i.venue = e.venue AND i.symbol = e.symbol
     ORDER BY e.request_row`,
  );
}
