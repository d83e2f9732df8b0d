/**
 * DuckDB as training sets use it: one thread and fixed settings, so that the same statements over
 * the same rows write the same bytes; memory is limited, and what does not fit lies beside it on
 * disk.
 */
import { join } from 'node:path';
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
}

/** A database of its own. The caller removes the directory. */
export async function openDuckdb({ dir, memoryMb }: DuckdbOptions = {}): Promise<OpenDuckdb> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: `${memoryMb ?? MEMORY_MB}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: dir === undefined ? '' : join(dir, 'spill'),
  });
  const db = await instance.connect();
  await db.run(`SET TimeZone = 'UTC'`);
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
