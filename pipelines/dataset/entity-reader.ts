/**
 * A CSV or Parquet file of requests -> its rows, whatever types it has them in: text, whole
 * microseconds and moments are understood, all else is refused by its name.
 */
import { dirname } from 'node:path';
import { duckRows, identifier, literal, openDuckdb } from './duckdb.ts';
import { quoted } from '../../src/domain/quoted.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import { RequestError } from './request.ts';
import { toEntities, REQUESTS_MAX, type Entities, type EntityRow } from './entities.ts';

/** Names under which the time of a request is found, the first of them that there is. */
const TIME_NAMES = ['ts', 'time', 'request_ts', 'event_timestamp', 'timestamp'];
const MOMENT = /^(TIMESTAMP|DATE)/;
const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)/;
const TEXT = /^(VARCHAR|ENUM)/;
const DUCKDB_MB = 1_024;
const SHOWN_COLUMNS = 20;

interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * `file` lies alone in its directory under a plain name; `name` is its own, for messages. Throws an
 * `RequestError` in words.
 */
export async function readEntities(
  file: string,
  name: string,
  known: readonly Instrument[],
): Promise<Entities> {
  const { db, close } = await openDuckdb({ dirs: [dirname(file)], memoryMb: DUCKDB_MB });
  try {
    const source = file.endsWith('.parquet')
      ? `read_parquet(${literal(file)}, file_row_number = true, hive_partitioning = false)`
      : `(SELECT *, row_number() OVER () AS file_row_number FROM read_csv(${literal(file)},
          header = true, all_varchar = true, hive_partitioning = false))`;
    const columns = await duckRows<Column>(
      db,
      `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${source})`,
    );
    const rows = await duckRows<EntityRow>(
      db,
      `SELECT symbol, venue, ts FROM
         (SELECT ${selectedColumns(columns, name)}, file_row_number FROM ${source}
          LIMIT ${REQUESTS_MAX + 1})
       ORDER BY file_row_number`,
    );
    return toEntities(rows, known);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    // DuckDB's message ends in advice about its own settings.
    const [line = ''] = (error as Error).message.split('\n');
    throw new RequestError(`${quoted(name)} cannot be read: ${line.slice(0, 300)}`, {
      cause: error,
    });
  } finally {
    close();
  }
}

/** The columns of a request as SQL; text and whole microseconds, whatever the file has. */
function selectedColumns(columns: readonly Column[], file: string): string {
  const find = (name: string): Column | undefined => columns.find((each) => each.name === name);
  const time = TIME_NAMES.map(find).find((found) => found !== undefined);
  const [symbol, venue] = [find('symbol'), find('venue')];
  if (time === undefined || symbol === undefined) {
    const all = columns.map(({ name }) => name).filter((name) => name !== 'file_row_number');
    const shown = all.slice(0, SHOWN_COLUMNS).map((name) => name.slice(0, 80));
    const more = all.length > SHOWN_COLUMNS ? `, … (${all.length})` : '';
    throw new RequestError(
      `${quoted(file)} has the columns ${shown.join(', ')}${more}; needed are symbol, a time ` +
        `(${TIME_NAMES.join(', ')}) and, where a symbol has several, venue`,
    );
  }
  const wrong = [symbol, ...(venue === undefined ? [] : [venue])].find(
    ({ type }) => !TEXT.test(type) || type.endsWith(']'),
  );
  if (wrong !== undefined) throw typeError(file, wrong, 'text');
  const cell = identifier(time.name);
  const isMoment = MOMENT.test(time.type);
  // A type that begins like one of these and ends in brackets is a list of them.
  const isOne = !time.type.endsWith(']');
  if (!isOne || !(isMoment || NUMBER.test(time.type) || TEXT.test(time.type))) {
    throw typeError(file, time, 'a time, text or microseconds');
  }
  const ts = isMoment ? `epoch_us(${cell})` : TEXT.test(time.type) ? `${cell}::VARCHAR` : cell;
  const number = NUMBER.test(time.type) ? `${ts}::DOUBLE` : ts;
  const venueColumn = venue === undefined ? 'NULL::VARCHAR' : 'venue::VARCHAR';
  return `symbol::VARCHAR AS symbol, ${venueColumn} AS venue, ${number} AS ts`;
}

const typeError = (file: string, { name, type }: Column, needed: string): RequestError =>
  new RequestError(
    `${quoted(file)} has a column ${quoted(name)} of ${type.slice(0, 100)}; needed is ${needed}`,
  );
