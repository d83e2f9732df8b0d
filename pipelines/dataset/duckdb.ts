/**
 * DuckDB as training sets use it: one thread and fixed settings, so that the same statements over
 * the same rows write the same bytes; memory is limited, and what does not fit lies beside it on
 * disk.
 */
import { realpathSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

const MEMORY_MB = 1024;

export interface OpenDuckdb {
  readonly db: DuckDBConnection;
  readonly close: () => void;
}

export interface DuckdbOptions {
  /** Where what does not fit into memory lies; without one it has to fit. */
  readonly dir?: string;
  readonly memoryMb?: number;
  /** Directories whose files it may read and write; all others are closed to it. */
  readonly dirs?: readonly string[];
}

/**
 * A database of its own. The caller removes the directory. Names of files and columns come from
 * outside, so that it reaches no other file, no server and no setting, whatever a statement says.
 */
export async function openDuckdb({
  dir,
  memoryMb,
  dirs = [],
}: DuckdbOptions = {}): Promise<OpenDuckdb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${memoryMb ?? MEMORY_MB}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: dir === undefined ? '' : join(dir, 'spill'),
  });
  const db = await instance.connect();
  await db.run(`SET TimeZone = 'UTC'`);
  // By both names, where one is a link to the other: it may be opened by either.
  const names = dirs.flatMap((each) => [resolve(each), realpathSync(each)]);
  const open = [...new Set(names)].map((each) => literal(`${each}${sep}`));
  await db.run(`SET allowed_directories = [${open.join(', ')}]`);
  await db.run('SET enable_external_access = false');
  await db.run('SET lock_configuration = true');
  const close = (): void => {
    db.closeSync();
    instance.closeSync();
  };
  return { db, close };
}

/** What a statement answers. 64-bit integers come as numbers: all of ours are below 2^53. */
export async function duckRows<Row extends object>(
  db: DuckDBConnection,
  sql: string,
): Promise<Row[]> {
  const answer = await db.runAndReadAll(sql);
  return answer
    .getRowObjectsJS()
    .map(
      (row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, cell]) => [
            name,
            typeof cell === 'bigint' ? Number(cell) : cell,
          ]),
        ) as Row,
    );
}

/** The one row that a statement answers. */
export async function duckRow<Row extends object>(db: DuckDBConnection, sql: string): Promise<Row> {
  const [row] = await duckRows<Row>(db, sql);
  if (row === undefined) throw new Error(`DuckDB has no answer to: ${sql}`);
  return row;
}

/** A text as a literal, and a name as an identifier, of SQL. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
