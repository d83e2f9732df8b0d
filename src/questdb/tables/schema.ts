/**
 * The `.sql` files and the feature names -> a QuestDB that has our tables, columns and views.
 *
 * Idempotent, so every process may run it at its start. Tables that exist are never changed except
 * for missing feature columns and those of `ADDED`; when one differs from what the code writes (a
 * column is missing or has another type, the dedup key is another), the error names every
 * difference, because rows written into such a table would be wrong or lost.
 */
import { candles } from './candles.ts';
import { featuresTable } from './features.ts';
import { heartbeats } from './heartbeats.ts';
import { barrierLabels } from './labels.ts';
import { predictions } from './predictions.ts';
import { qualityEvents } from './quality-events.ts';
import { historyQuotes } from './quotes.ts';
import { loadSql } from './sql.ts';
import { systemMetrics } from './system-metrics.ts';
import type { ColumnType, QuestTable, SqlReader } from '../table.ts';
import { HISTORY_COLUMNS, historyTicks } from './ticks.ts';

/** A table in QuestDB is not the one that the code was written for. */
export class QuestDbSchemaError extends Error {
  override readonly name = 'QuestDbSchemaError';
}

/** A table without its row type: what the migration and its checks need. */
export interface TableShape {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly keys: readonly string[];
}

/** What is kept of the market and made of it. Each has `venue`, `symbol`, and `ts` as its time. */
export const MARKET_TABLES: readonly string[] = [
  'ticks',
  'quotes',
  'heartbeats',
  'candles',
  'features',
  'predictions',
  'labels',
];

const VIEWS = ['candles_latest', 'features_latest', 'labels_latest'] as const;

/** Columns that tables of an older version lack; their rows have no value there. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  ticks: Object.keys(HISTORY_COLUMNS),
  quotes: Object.keys(HISTORY_COLUMNS),
  heartbeats: ['imported_at'],
  candles: ['imported_at'],
  features: ['imported_at'],
  predictions: ['imported_at'],
  labels: Object.keys(barrierLabels.columns).filter((name) =>
    /^(long|short)_|^imported_at$/.test(name),
  ),
};

/** Every table of ours, `features` with one column per name. */
export function questTables(features: readonly string[]): readonly TableShape[] {
  const shapes: QuestTable<never>[] = [
    historyTicks,
    historyQuotes,
    heartbeats,
    candles,
    featuresTable(features),
    predictions,
    barrierLabels,
    qualityEvents,
    systemMetrics,
  ];
  return shapes;
}

/**
 * Creates what is missing and checks all of it. Throws `QuestDbSchemaError` when a table that
 * exists differs. `features` are the column names of the default feature set.
 */
export async function migrateQuestDb(
  client: SqlReader,
  { features }: { readonly features: readonly string[] },
): Promise<void> {
  const tables = questTables(features);
  for (const { name } of tables) await client.query(loadSql(`questdb/${name}`));
  await addMissingFeatures(client, features);
  await addMissingColumns(client, tables);
  for (const view of VIEWS) await client.query(loadSql(`questdb/${view}`));
  const problems: string[] = [];
  for (const table of tables) problems.push(...(await findDifferences(client, table)));
  if (problems.length > 0) {
    throw new QuestDbSchemaError(
      `QuestDB's tables are not those that this version writes:\n  ${problems.join('\n  ')}\n` +
        'Rename or drop the named tables (their data too), or run the version that made them.',
    );
  }
}

async function addMissingFeatures(client: SqlReader, names: readonly string[]): Promise<void> {
  const present = new Set((await showColumns(client, 'features')).map(({ column }) => column));
  const missing = names.filter((name) => !present.has(name));
  for (const name of missing) {
    // The names have been checked by `featuresTable`: they are plain identifiers.
    await client.query(`ALTER TABLE features ADD COLUMN IF NOT EXISTS ${name} DOUBLE`);
  }
  if (missing.length > 0) await client.waitApplied(['features']);
}

async function addMissingColumns(client: SqlReader, tables: readonly TableShape[]): Promise<void> {
  for (const { name, columns } of tables) {
    const present = new Set((await showColumns(client, name)).map(({ column }) => column));
    const missing = (ADDED[name] ?? []).filter((column) => !present.has(column));
    for (const column of missing) {
      await client.query(
        `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${column} ${columns[column]}`,
      );
    }
    if (missing.length > 0) await client.waitApplied([name]);
  }
}

interface ShownColumn {
  readonly column: string;
  readonly type: string;
  readonly designated: boolean;
  readonly upsertKey: boolean;
}

const showColumns = (client: SqlReader, table: string): Promise<ShownColumn[]> =>
  client.query<ShownColumn>(`SHOW COLUMNS FROM ${table}`);

/** What is wrong with a table, one sentence each; columns that we do not know are no harm. */
async function findDifferences(client: SqlReader, table: TableShape): Promise<string[]> {
  const shown = new Map((await showColumns(client, table.name)).map((c) => [c.column, c]));
  const problems: string[] = [];
  for (const [name, type] of Object.entries(table.columns)) {
    const column = shown.get(name);
    if (column === undefined) problems.push(`${table.name}.${name} is missing`);
    else if (column.type !== type.toUpperCase()) {
      problems.push(`${table.name}.${name} is ${column.type}, expected ${type.toUpperCase()}`);
    }
  }
  const keys = [...shown.values()].filter((c) => c.upsertKey).map((c) => c.column);
  if (keys.toSorted().join() !== table.keys.toSorted().join()) {
    const found = keys.length === 0 ? 'no dedup key' : `the dedup key (${keys.join(', ')})`;
    problems.push(`${table.name} has ${found}, expected (${table.keys.join(', ')})`);
  }
  if (shown.get('ts')?.designated !== true) {
    problems.push(`${table.name}.ts is not the designated timestamp`);
  }
  return problems;
}
