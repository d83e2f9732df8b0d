/**
 * QuestDB -> DuckDB tables with every revision that was known at `as_of`, a week at a time
 *
 * Nothing is chosen here: which revision counts for which row is the join's to say. Times stay
 * integer microseconds, instruments become their place in the definition.
 */
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { identifier } from './duckdb.ts';
import { formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import type { Cell, Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';
import { featureSetTable, type FeatureSetUse } from './definition.ts';
import { importsSql } from './imports.ts';

const SLICE_US = 7 * US_PER_DAY;

type ColumnKind = 'BIGINT' | 'INTEGER' | 'DOUBLE' | 'VARCHAR';
type Columns = readonly (readonly [name: string, kind: ColumnKind])[];

/** The staged table of the n-th feature set. */
export const featureTable = (n: number): string => `features_${n}`;

const FEATURE_COLUMNS: Columns = [
  ['ts', 'BIGINT'],
  ['decided_ts', 'BIGINT'],
  ['known_at', 'BIGINT'],
  ['revision', 'INTEGER'],
  ['imported_at', 'BIGINT'],
];
export const LABEL_COLUMNS: Columns = [
  ['ts', 'BIGINT'],
  ['revision', 'INTEGER'],
  ['state', 'VARCHAR'],
  ['void_reason', 'VARCHAR'],
  ['up', 'INTEGER'],
  ['forward_return', 'DOUBLE'],
  ['exit_ts', 'BIGINT'],
  ['imported_at', 'BIGINT'],
];
export const CHAMPION_COLUMNS: Columns = [
  ['ts', 'BIGINT'],
  ['probability_up', 'DOUBLE'],
];

/** What is to be staged of one instrument. */
export interface Staging extends TimeRange {
  /** Its place in the definition. */
  readonly instrument: number;
  readonly asOfUs: number;
  /** Of imported rows those that came by then; none where it is left out. */
  readonly importedBy?: string | undefined;
}

export const featureColumns = ({ features }: FeatureSetUse): Columns => [
  ...FEATURE_COLUMNS,
  ...features.map((name) => [name, 'DOUBLE'] as const),
];

/** The empty tables. */
export async function createStages(
  db: DuckDBConnection,
  sets: readonly FeatureSetUse[],
): Promise<void> {
  for (const [n, set] of sets.entries()) await create(db, featureTable(n), featureColumns(set));
  await create(db, 'labels', LABEL_COLUMNS);
  await create(db, 'champion', CHAMPION_COLUMNS);
}

async function create(db: DuckDBConnection, table: string, columns: Columns): Promise<void> {
  const list = columns.map(([name, kind]) => `${identifier(name)} ${kind}`).join(', ');
  await db.run(`CREATE TABLE ${table} (instrument INTEGER, ${list})`);
}

/** Feature rows of a set, into the n-th table. */
export function stageFeatures(
  db: DuckDBConnection,
  reader: SqlReader,
  [n, set]: readonly [number, FeatureSetUse],
  key: Instrument,
  staging: Staging,
): Promise<void> {
  return stage(db, reader, staging, {
    into: featureTable(n),
    columns: featureColumns(set),
    from: featureSetTable(set.feature_set),
    where: 'feature_set = $6 AND known_at <= $5 AND decided_ts <= $5',
    params: [key.venue, key.symbol, set.feature_set],
  });
}

/** Outcomes of a label spec and what the champion had predicted. */
export async function stageLabels(
  db: DuckDBConnection,
  reader: SqlReader,
  labelSpec: string,
  { venue, symbol }: Instrument,
  staging: Staging,
): Promise<void> {
  const params = [venue, symbol, labelSpec] as const;
  await stage(db, reader, staging, {
    into: 'labels',
    columns: LABEL_COLUMNS,
    from: 'labels',
    where: 'label_spec = $6 AND label_known_at <= $5',
    params,
  });
  await stage(db, reader, staging, {
    into: 'champion',
    columns: CHAMPION_COLUMNS,
    from: 'predictions',
    where: `label_spec = $6 AND slot = 'champion' AND known_at <= $5`,
    params,
  });
}

interface Source {
  readonly into: string;
  readonly columns: Columns;
  readonly from: string;
  readonly where: string;
  readonly params: readonly [venue: string, symbol: string, last: string];
}

async function stage(
  db: DuckDBConnection,
  reader: SqlReader,
  { instrument, fromUs, toUs, asOfUs, importedBy }: Staging,
  { into, columns, from, where, params }: Source,
): Promise<void> {
  const [venue, symbol, last] = params;
  const bounds = await reader.query<{ first: number | null; last: number | null }>(
    `SELECT min(ts) AS first, max(ts) AS last FROM ${from}
     WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs)],
  );
  const { first: startUs, last: lastUs } = bounds[0] ?? { first: null, last: null };
  if (startUs === null || lastUs === null) return;
  const list = columns.map(([name]) => name).join(', ');
  const sql = `SELECT ${list} FROM ${from}
    WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4 AND ${where}
      AND ${importsSql(importedBy)} ORDER BY ts`;
  for (let at = startUs; at <= lastUs; at += SLICE_US) {
    const range = [formatUs(at), formatUs(Math.min(at + SLICE_US, lastUs + 1))];
    const queryParams = [venue, symbol, ...range, formatUs(asOfUs), last];
    await appendRows(db, into, columns, instrument, await reader.query<Row>(sql, queryParams));
  }
}

type Row = Readonly<Record<string, Cell>>;

/** Puts an instrument's rows into a staged table. */
export async function appendRows(
  db: DuckDBConnection,
  table: string,
  columns: Columns,
  instrument: number,
  rows: readonly Row[],
): Promise<void> {
  const appender = await db.createAppender(table);
  for (const row of rows) appendRow(appender, instrument, columns, row);
  appender.closeSync();
}

function appendRow(appender: DuckDBAppender, instrument: number, columns: Columns, row: Row): void {
  appender.appendInteger(instrument);
  for (const [name, kind] of columns) {
    const cell = row[name] ?? null;
    if (cell === null) appender.appendNull();
    else if (kind === 'BIGINT') appender.appendBigInt(BigInt(cell));
    else if (kind === 'INTEGER') appender.appendInteger(Number(cell));
    else if (kind === 'DOUBLE') appender.appendDouble(Number(cell));
    else appender.appendVarchar(String(cell));
  }
  appender.endRow();
}
