/**
 * A training set as files: Hive-partitioned Parquet with microsecond UTC, and the manifest last
 *
 * Everything is as known at `asOfUs`. Files are written aside and the directory is renamed at the
 * end, so a set is there whole or not at all. Rows in = rows out + exclusions, by reason.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { canonicalJson } from '../domain/control.ts';
import { formatUs } from '../domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../features/definition.ts';
import type { Instrument, SqlReader } from '../tables/questdb/table.ts';
import { loadTrainingSet } from './load.ts';

export interface DatasetRequest {
  readonly instruments: readonly Instrument[];
  readonly labelSpec: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly asOfUs: number;
  readonly out: string;
  readonly onProgress?: (line: string) => void;
}

export interface DatasetManifest {
  readonly dataset_id: string;
  readonly feature_set: string;
  readonly label_spec: string;
  readonly from: string;
  readonly to: string;
  readonly as_of: string;
  readonly instruments: readonly string[];
  readonly features: readonly string[];
  readonly rows_in: number;
  readonly rows: number;
  readonly excluded: Readonly<Record<string, number>>;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

export async function buildDataset(
  reader: SqlReader,
  request: DatasetRequest,
): Promise<DatasetManifest> {
  const { out } = request;
  if (existsSync(out)) throw new Error(`"${out}" exists already: name an empty place for the set`);
  const aside = `${out}.part-${process.pid}`;
  await mkdir(aside, { recursive: true });
  try {
    const manifest = await write(reader, request, aside);
    await writeFile(join(aside, '_manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(aside, out);
    return manifest;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function write(
  reader: SqlReader,
  request: DatasetRequest,
  dir: string,
): Promise<DatasetManifest> {
  const { instruments, labelSpec, fromUs, toUs, asOfUs, onProgress } = request;
  const duckdb = await DuckDBInstance.create(':memory:', { threads: '1' });
  const db = await duckdb.connect();
  const excluded: Record<string, number> = {};
  let [rows, rowsIn] = [0, 0];
  try {
    await createTable(db);
    for (const { venue, symbol } of instruments) {
      const asked = { venue, symbol, labelSpec, fromUs, toUs, asOfUs };
      const set = await loadTrainingSet(reader, asked);
      await append(db, { venue, symbol }, set);
      rows += set.rows.length;
      rowsIn += set.rowsIn;
      for (const [reason, n] of Object.entries(set.excluded)) {
        excluded[reason] = (excluded[reason] ?? 0) + n;
      }
      onProgress?.(`${venue}:${symbol}: ${set.rows.length} of ${set.rowsIn} rows`);
    }
    if (rows > 0) {
      await db.run(
        `COPY (SELECT *, strftime(ts, '%Y-%m-%d') AS date FROM dataset ORDER BY symbol, venue, ts)
         TO '${dir.replaceAll("'", "''")}'
         (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date, symbol), OVERWRITE_OR_IGNORE)`,
      );
    }
  } finally {
    db.closeSync();
    duckdb.closeSync();
  }
  const definition = {
    feature_set: FEATURE_SET,
    label_spec: labelSpec,
    from: formatUs(fromUs),
    to: formatUs(toUs),
    as_of: formatUs(asOfUs),
    instruments: instruments.map(({ venue, symbol }) => `${venue}:${symbol}`),
    features: FEATURE_NAMES,
    rows_in: rowsIn,
    rows,
    excluded,
    files: await hashes(dir),
  };
  const id = createHash('sha256').update(canonicalJson(definition)).digest('hex').slice(0, 16);
  return { dataset_id: `ds-${id}`, ...definition };
}

async function createTable(db: DuckDBConnection): Promise<void> {
  const features = FEATURE_NAMES.map((name) => `"${name}" DOUBLE`);
  await db.run(
    `CREATE TABLE dataset (ts TIMESTAMPTZ, decided_ts TIMESTAMPTZ, venue VARCHAR, symbol VARCHAR,
       ${features.join(', ')}, up INTEGER, forward_return DOUBLE, champion_probability DOUBLE)`,
  );
  await db.run(`SET TimeZone = 'UTC'`);
}

async function append(
  db: DuckDBConnection,
  { venue, symbol }: Instrument,
  set: Awaited<ReturnType<typeof loadTrainingSet>>,
): Promise<void> {
  const { DuckDBTimestampTZValue } = await import('@duckdb/node-api');
  const appender = await db.createAppender('dataset');
  set.rows.forEach((row, i) => {
    appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(set.rowTs[i] ?? 0)));
    appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(row.decidedTs)));
    appender.appendVarchar(venue);
    appender.appendVarchar(symbol);
    for (const value of row.values) {
      if (value === null) appender.appendNull();
      else appender.appendDouble(value);
    }
    appender.appendInteger(row.up);
    appender.appendDouble(row.forwardReturn);
    if (row.championProbability === null) appender.appendNull();
    else appender.appendDouble(row.championProbability);
    appender.endRow();
  });
  appender.closeSync();
}

async function hashes(dir: string): Promise<{ path: string; sha256: string }[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .toSorted();
  return Promise.all(
    paths.map(async (path) => ({
      path,
      sha256: createHash('sha256')
        .update(await readFile(join(dir, path)))
        .digest('hex'),
    })),
  );
}
