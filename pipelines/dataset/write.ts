/**
 * the table `dataset` -> Hive-partitioned Parquet, and what was written
 *
 * One statement writes one file, in a stated order and by one thread, so the same rows are the same
 * bytes. What was written is counted from the files again.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckRow, duckRows, literal } from './duckdb.ts';
import { writeArrow } from './arrow.ts';
import { MANIFEST, type DatasetFile } from './definition.ts';
import { makeFolder } from '../../src/make-folder.ts';

/** Part of the manifest: another format, version or setting would be other bytes. */
export const PARQUET =
  'FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880';

interface Partition {
  readonly date: string;
  readonly symbol: string;
  readonly rows: number;
}

export interface WriteOptions {
  readonly columns: readonly string[];
  /** SQL that says which rows are written. */
  readonly where: string;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/** A folder's name has at most 255 bytes, of which `symbol=` takes some. */
const FOLDER_BYTES_MAX = 240;

/**
 * A symbol as part of a folder's name, in the URL encoding that readers of Hive partitions undo.
 * Also what encodeURIComponent leaves alone is encoded: a `*` in a path would find other folders
 * too. A long symbol keeps its letters, at three bytes each instead of nine.
 */
export function folderPart(symbol: string): string {
  const coded = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const all = coded(symbol);
  return all.length <= FOLDER_BYTES_MAX ? all : symbol.replace(/[ -~]/g, coded);
}

/** Writes `date=…/symbol=…/data_0.parquet` below `dir`. */
export async function writePartitions(
  db: DuckDBConnection,
  dir: string,
  { columns, where, onProgress }: WriteOptions,
): Promise<void> {
  const partitions = await duckRows<Partition>(
    db,
    `SELECT date, symbol, count(*) AS rows FROM dataset WHERE ${where}
     GROUP BY date, symbol ORDER BY date, symbol`,
  );
  for (const [done, { date, symbol }] of partitions.entries()) {
    const folder = join(dir, `date=${date}`, `symbol=${folderPart(symbol)}`);
    await makeFolder(folder);
    await db.run(
      `COPY (SELECT ${columns.join(', ')} FROM dataset
         WHERE date = ${literal(date)} AND symbol = ${literal(symbol)} AND ${where}
         ORDER BY venue, position, request_row)
       TO ${literal(join(folder, 'data_0.parquet'))} (${PARQUET})`,
    );
    onProgress?.(done + 1, partitions.length);
  }
}

/** Every file of a set but its manifest, in the order of their paths. */
export async function listFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== MANIFEST && !path.startsWith('.'))
    .toSorted();
}

/** What the files hold, by their own word. */
export async function describeFiles(db: DuckDBConnection, dir: string): Promise<DatasetFile[]> {
  const files: DatasetFile[] = [];
  for (const path of await listFiles(dir)) {
    const file = join(dir, path);
    const { size: bytes } = await stat(file);
    const rows = path.endsWith('.parquet') ? await countRows(db, file) : 0;
    files.push({ path, rows, bytes, sha256: await hashFile(file) });
  }
  return files;
}

async function countRows(db: DuckDBConnection, file: string): Promise<number> {
  const sql = `SELECT num_rows AS rows FROM parquet_file_metadata(${literal(file)})`;
  return (await duckRow<{ rows: number }>(db, sql)).rows;
}

export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** CSV has its times as the API has them: RFC 3339 in UTC with microseconds. */
const CSV = `FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'`;

/** All rows of a set in one file, in the order of its files: date, symbol, venue, time. */
export async function writeWhole(
  db: DuckDBConnection,
  dir: string,
  to: string,
  format: 'parquet' | 'csv' | 'arrow',
): Promise<void> {
  const paths = (await listFiles(dir)).filter((path) => path.endsWith('.parquet'));
  const list = paths.map((path) => literal(join(dir, path))).join(', ');
  const rows = `SELECT symbol, * EXCLUDE (date, symbol) FROM read_parquet([${list}],
    hive_partitioning = true, hive_types_autocast = false)`;
  if (format === 'arrow') return writeArrow(db, rows, to);
  await db.run(`COPY (${rows}) TO ${literal(to)} (${format === 'parquet' ? PARQUET : CSV})`);
}
