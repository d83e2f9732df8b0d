/**
 * A training set as files: Hive-partitioned Parquet with microsecond UTC, and the manifest last
 *
 * Everything is as known at `asOfUs`, on both clocks. Files are written aside and the directory is
 * renamed at the end, so a set is there whole or not at all. Rows in = rows out + exclusions, by
 * reason. The same definition over the same tables gives the same bytes, also once the tables hold
 * newer revisions.
 */
import { existsSync } from 'node:fs';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckRow, duckRows, openDuckdb } from './duckdb.ts';
import { assert, must } from '../../src/assert.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey, instrumentKey } from '../../src/domain/wire.ts';
import type { Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';
import {
  featureColumns,
  completeDecisions,
  ENTITIES,
  identified,
  MANIFEST,
  featureSetTable,
  type DatasetBarrier,
  type DatasetDefinition,
  type DatasetManifest,
  type Decisions,
} from './definition.ts';
import { loadEntities } from './entities.ts';
import { importsSql } from './imports.ts';
import { fileColumns, joinAll, requestDecisions } from './join.ts';
import { createStages, featureTable, stageFeatures, stageLabels } from './stage.ts';
import { describeFiles, PARQUET, writePartitions } from './write.ts';
import { makeFolder } from '../../src/make-folder.ts';

export interface DatasetRequest extends Omit<Decisions, 'instruments'> {
  readonly instruments: readonly Instrument[];
  readonly out: string;
  readonly onProgress?: (line: string) => void;
}

export interface BuildOptions {
  readonly out: string;
  /** The requests of the definition, as `_entities.csv` has them; needed where it has some. */
  readonly entitiesFile?: string | undefined;
  readonly cut?: DatasetBarrier | null;
  readonly memoryMb?: number;
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** All decisions of a range, with the features of this version. */
export function buildDataset(
  reader: SqlReader,
  { instruments, out, onProgress, ...range }: DatasetRequest,
): Promise<DatasetManifest> {
  const definition = completeDecisions({ ...range, instruments: instruments.map(instrumentKey) });
  return buildDefined(reader, definition, { out, onProgress });
}

/** Throws, and leaves nothing behind, where the set cannot be made whole. */
export async function buildDefined(
  reader: SqlReader,
  definition: DatasetDefinition,
  options: BuildOptions,
): Promise<DatasetManifest> {
  const out = resolve(options.out);
  if (existsSync(out)) throw new Error(`"${out}" exists already: name an empty place for the set`);
  const aside = `${out}.part-${process.pid}`;
  const work = `${out}.work-${process.pid}`;
  try {
    await makeFolder(aside);
    await makeFolder(work);
    const manifest = await write(reader, definition, { ...options, aside, work });
    await writeFile(join(aside, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await makeFolder(dirname(out));
    await rename(aside, out);
    return manifest;
  } finally {
    await rm(aside, { recursive: true, force: true });
    await rm(work, { recursive: true, force: true });
  }
}

interface Places {
  readonly aside: string;
  readonly work: string;
}

async function write(
  reader: SqlReader,
  definition: DatasetDefinition,
  options: BuildOptions & Places,
): Promise<DatasetManifest> {
  const { aside, work, memoryMb, entitiesFile, onProgress, cut = null } = options;
  const { db, close } = await openDuckdb({
    dir: work,
    dirs: [work, aside],
    ...(memoryMb ? { memoryMb } : {}),
  });
  try {
    if (definition.entities !== null) {
      await copyFile(must(entitiesFile, 'a set of requests has a file of them'), entities(aside));
    }
    const read = await prepare(db, reader, definition, options);
    await joinAll(db, { ...definition, isDecisions: definition.entities === null });
    const isComplete = definition.keep === 'complete';
    await writePartitions(db, aside, {
      columns: fileColumns(definition),
      where: isComplete ? 'missing IS NULL' : 'true',
      onProgress: (done, of) => onProgress?.(`written ${done} of ${of} files`),
    });
    const files = await describeFiles(db, aside);
    const rowsIn = (await duckRow<{ n: number }>(db, 'SELECT count(*) AS n FROM requests')).n;
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const counts = { rows_in: rowsIn, rows, ...(await lacking(db, isComplete)) };
    checkCounts(counts, definition);
    const imported = await importedRows(db, definition, isComplete);
    const { version } = await duckRow<{ version: string }>(db, 'SELECT version() AS version');
    const content = {
      ...definition,
      feature_set: definition.feature_sets[0]?.feature_set ?? '',
      features: featureColumns(definition),
      ...counts,
      ...imported,
      read,
      writer: `DuckDB ${version}: ${PARQUET}`,
      files,
    };
    return identified(content, cut);
  } finally {
    close();
  }
}

const entities = (dir: string): string => join(dir, ENTITIES);

/** Requests and everything that is joined with them; how many rows each table gave. */
async function prepare(
  db: DuckDBConnection,
  reader: SqlReader,
  definition: DatasetDefinition,
  { aside, onProgress }: BuildOptions & Places,
): Promise<Record<string, number>> {
  const { feature_sets, label_spec, instruments } = definition;
  await createStages(db, feature_sets);
  await db.run('CREATE TABLE instruments (instrument INTEGER, venue VARCHAR, symbol VARCHAR)');
  const keys = instruments.map((key) => must(parseInstrumentKey(key), `"${key}" is venue:symbol`));
  for (const [instrument, { venue, symbol }] of keys.entries()) {
    await db.run('INSERT INTO instruments VALUES ($1, $2, $3)', [instrument, venue, symbol]);
  }
  if (definition.entities !== null) await loadEntities(db, entities(aside));
  for (const [instrument, key] of keys.entries()) {
    const progress = `${instrumentKey(key)} (${instrument + 1} of ${keys.length})`;
    onProgress?.(`reading ${progress}`);
    await stageInstrument(db, reader, definition, { instrument, key });
  }
  if (definition.entities === null) await requestDecisions(db);
  const tables = [
    ...feature_sets.map(({ feature_set }, n) => [feature_set, featureTable(n)] as const),
    ...(label_spec === null ? [] : [['labels', 'labels'] as const]),
    ...(label_spec === null ? [] : [['predictions', 'champion'] as const]),
  ];
  const read: Record<string, number> = {};
  for (const [name, table] of tables) {
    read[name] = (await duckRow<{ n: number }>(db, `SELECT count(*) AS n FROM ${table}`)).n;
  }
  return read;
}

async function stageInstrument(
  db: DuckDBConnection,
  reader: SqlReader,
  definition: DatasetDefinition,
  { instrument, key }: { readonly instrument: number; readonly key: Instrument },
): Promise<void> {
  const { feature_sets, label_spec, from, to, imported_by: importedBy } = definition;
  const asOfUs = parseUs(definition.as_of);
  for (const [n, set] of feature_sets.entries()) {
    const isOwn = n === 0 && from !== null && to !== null;
    const range = isOwn
      ? { fromUs: parseUs(from), toUs: parseUs(to) }
      : await answering(db, reader, definition, { n, instrument, key });
    if (range === null) continue;
    await stageFeatures(db, reader, [n, set], key, { instrument, asOfUs, importedBy, ...range });
  }
  if (label_spec === null) return;
  const { first, last } = await span(db, ['ts', featureTable(0)], instrument);
  if (first === null || last === null) return;
  const staging = { instrument, asOfUs, importedBy, fromUs: first, toUs: last + 1 };
  await stageLabels(db, reader, label_spec, key, staging);
}

/**
 * The range of `ts` that can answer an instrument's requests: up to the last of them, and from
 * the answer of the first one on, because a later request never has an earlier answer.
 */
async function answering(
  db: DuckDBConnection,
  reader: SqlReader,
  { feature_sets, entities: own, as_of, known, imported_by }: DatasetDefinition,
  { n, instrument, key }: { n: number; instrument: number; key: Instrument },
): Promise<TimeRange | null> {
  const times = own === null ? ['decided_ts', featureTable(0)] : ['requested_at', 'requests'];
  const { first, last } = await span(db, times, instrument);
  const set = feature_sets[n]?.feature_set;
  if (first === null || last === null || set === undefined) return null;
  const knownUs = known === 'request' ? Math.min(first, parseUs(as_of)) : parseUs(as_of);
  const params = [key.venue, key.symbol, set, formatUs(first), formatUs(knownUs)];
  const [found] = await reader.query<{ ts: number | null }>(
    `SELECT max(ts) AS ts FROM ${featureSetTable(set)} WHERE venue = $1 AND symbol = $2
       AND feature_set = $3 AND ts <= $4 AND decided_ts <= $4 AND known_at <= $5
       AND ${importsSql(imported_by)}`,
    params,
  );
  return { fromUs: found?.ts ?? 0, toUs: last + 1 };
}

/** The first and the last time of an instrument in a staged table. */
const span = (db: DuckDBConnection, [column, table]: readonly string[], instrument: number) =>
  duckRow<{ first: number | null; last: number | null }>(
    db,
    `SELECT min(${column}) AS first, max(${column}) AS last FROM ${table}
     WHERE instrument = ${instrument}`,
  );

/** How many rows of the files have something of an import; nothing where none may. */
async function importedRows(
  db: DuckDBConnection,
  { imported_by }: DatasetDefinition,
  isComplete: boolean,
): Promise<{ readonly imported?: number }> {
  if (imported_by === undefined) return {};
  const where = isComplete ? ' AND missing IS NULL' : '';
  const sql = `SELECT count(*) AS n FROM dataset WHERE imported${where}`;
  return { imported: (await duckRow<{ n: number }>(db, sql)).n };
}

async function lacking(db: DuckDBConnection, isComplete: boolean) {
  const rows = await duckRows<{ missing: string; n: number }>(
    db,
    `SELECT missing, count(*) AS n FROM dataset WHERE missing IS NOT NULL
     GROUP BY missing ORDER BY missing`,
  );
  const counts = Object.fromEntries(rows.map(({ missing, n }) => [missing, n]));
  return isComplete
    ? { excluded: counts, incomplete: {} }
    : { excluded: {} as Record<string, number>, incomplete: counts };
}

/** Nothing is dropped, and nothing comes twice: whatever the join did, the files have to say so. */
function checkCounts(
  counts: Pick<DatasetManifest, 'rows_in' | 'rows' | 'excluded'>,
  { entities: requests }: DatasetDefinition,
): void {
  const { rows_in: rowsIn, rows, excluded } = counts;
  const left = Object.values(excluded).reduce((sum, n) => sum + n, 0);
  assert(rowsIn === rows + left, `${rowsIn} rows in are ${rows} out and ${left} excluded`);
  assert(
    requests === null || requests.rows === rowsIn,
    `${requests?.rows} requests are ${rowsIn} rows in`,
  );
}
