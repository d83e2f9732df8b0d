/**
 * the user's own requests, CSV or Parquet -> `_entities.csv`, and from there the table `requests`
 *
 * Feast's shape: a symbol and a time, and a venue where the symbol alone does not say which one. A
 * request is never dropped or merged with its equal; whatever cannot be understood is an error that
 * names its row.
 */
import { createHash } from 'node:crypto';
import { constants, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Answer } from '../../src/files/bounded-child.ts';
import { BoundsError, runBounded } from '../../src/files/bounded.ts';
import { literal } from './duckdb.ts';
import { checkOutsideFile } from '../../src/files/outside-file.ts';
import { programFile } from '../../src/code-files.ts';
import { quoted } from '../../src/domain/quoted.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey, instrumentKey } from '../../src/domain/wire.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import { RequestError } from './request.ts';

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

/** More requests than these are several data sets. */
export const REQUESTS_MAX = 2_000_000;
const FILE_BYTES_MAX = 1024 * 1024 * 1024;
const READ_MS = 600_000;
const READ_MEMORY_MB = 3_072;
const READER = programFile('pipelines/dataset/entity-child');

/** What may be smaller than usual in a test. */
export interface ReadBounds {
  readonly timeMs?: number;
  readonly memoryMb?: number;
}

/**
 * Reads a file that ends in `.csv` or `.parquet`, in a process of its own: a file of kilobytes may
 * unpack to GBs. Throws a `RequestError` that names the row at fault, or the broken bound.
 */
export async function readEntityFile(
  file: string,
  known: readonly Instrument[],
  { timeMs = READ_MS, memoryMb = READ_MEMORY_MB }: ReadBounds = {},
): Promise<Entities> {
  const dir = await mkdtemp(join(tmpdir(), 'tickloom-requests-'));
  try {
    await checkOutsideFile(file, FILE_BYTES_MAX);
    // Under a plain name: in its own there may be what looks like a pattern, or like columns.
    const [ending] = /\.(parquet|csv\.gz|csv\.zst)$/i.exec(file) ?? ['.csv'];
    const plain = join(dir, `requests${ending.toLowerCase()}`);
    await copyFile(file, plain, constants.COPYFILE_FICLONE);
    const input = [Buffer.from(JSON.stringify(known))];
    const task = { script: READER, args: [plain, basename(file)], input };
    const answer = JSON.parse(
      (await runBounded({ ...task, timeMs, memoryMb })).toString('utf8'),
    ) as Answer;
    if ('error' in answer) throw new RequestError(answer.error);
    return answer.ok as Entities;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    const few = `split it, or ask for fewer requests (${REQUESTS_MAX} at most)`;
    const end = error instanceof BoundsError ? `: ${few}` : '';
    throw new RequestError(`${quoted(file)} cannot be read: ${(error as Error).message}${end}`, {
      cause: error,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Requests as they are kept. `known` gives the venue of a symbol that comes without one. */
export function toEntities(rows: readonly EntityRow[], known: readonly Instrument[]): Entities {
  if (rows.length === 0) throw new RequestError('there is no request in it: nothing to build');
  if (rows.length > REQUESTS_MAX) {
    throw new RequestError(`more than ${REQUESTS_MAX} requests: ask for several data sets`);
  }
  const keys = new Set<string>();
  const lines = rows.map((row, at) => {
    const where = `request ${at + 1} of ${rows.length}`;
    const { venue, symbol } = instrumentIn(row, known, where);
    keys.add(instrumentKey({ venue, symbol }));
    return `${field(venue)},${field(symbol)},${formatUs(timeIn(row.ts, where))}`;
  });
  const csv = `venue,symbol,ts\n${lines.join('\n')}\n`;
  const sha256 = createHash('sha256').update(csv).digest('hex');
  return { sha256, rows: rows.length, instruments: [...keys].toSorted(), csv };
}

function instrumentIn(row: EntityRow, known: readonly Instrument[], where: string): Instrument {
  const { symbol, venue } = row;
  if (symbol === null || symbol === '') throw new RequestError(`${where} has no symbol`);
  const key = venue === null || venue === undefined || venue === '' ? symbol : `${venue}:${symbol}`;
  const named = parseInstrumentKey(key);
  if (named !== null) return named;
  const venues = known.filter((each) => each.symbol === symbol);
  const [only, ...others] = venues;
  if (only !== undefined && others.length === 0) return only;
  const seen = venues.map((each) => each.venue).join(', ') || 'no venue';
  throw new RequestError(`${where}: ${quoted(symbol)} is stored of ${seen}; add a column "venue"`);
}

/** Microseconds of 1973 and of 2261: a number beyond them counts other units, or is no time. */
const FIRST_US = 1e14;
const LAST_US = 9.2e15;

function timeIn(ts: EntityRow['ts'], where: string): number {
  const us = parseMicroseconds(ts, where);
  if (us >= FIRST_US && us <= LAST_US) return us;
  const unit = us < FIRST_US ? 'seconds or milliseconds' : 'nanoseconds';
  throw new RequestError(
    `${where}: ${quoted(String(ts))} is ${us} microseconds since 1970, in no year of markets. ` +
      `Are they ${unit}? Give microseconds, or RFC 3339 such as 2014-05-01T00:00:00Z`,
  );
}

function parseMicroseconds(ts: EntityRow['ts'], where: string): number {
  try {
    if (typeof ts === 'string' && !/^-?\d{5,}$/.test(ts)) return parseUs(ts.slice(0, 100));
    const us = Number(ts ?? Number.NaN);
    if (Number.isFinite(us) && Number.isInteger(us)) return us;
    throw new RangeError(`${quoted(String(ts))} is no time`);
  } catch (error) {
    throw new RequestError(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

const field = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** `_entities.csv` -> `requests`; `instruments` is filled already. */
export async function loadEntities(db: DuckDBConnection, file: string): Promise<void> {
  await db.run(
    `CREATE TABLE requests AS
     SELECT e.request_row, i.instrument, e.requested_at FROM (
       SELECT row_number() OVER () - 1 AS request_row, venue, symbol,
         epoch_us(ts::TIMESTAMPTZ) AS requested_at
       FROM read_csv(${literal(file)}, auto_detect = false, header = true, delim = ',',
         quote = '"', escape = '"',
         columns = {'venue': 'VARCHAR', 'symbol': 'VARCHAR', 'ts': 'VARCHAR'})
     ) e
     LEFT JOIN instruments i ON i.venue = e.venue AND i.symbol = e.symbol
     ORDER BY e.request_row`,
  );
}
