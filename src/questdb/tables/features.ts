/**
 * Feature values, one DOUBLE column each: revision 0 as the stream served them, n as the n-th
 * correction. The names come from the feature definition, so the table is made by a function.
 */
import { assert } from '../../assert.ts';
import type { StoredFeature } from '../../domain/records/feature.ts';
import type { Row } from '../../domain/records/fields.ts';
import type { Cell, ColumnType, QuestTable } from '../table.ts';

export type FeatureKey = Row<typeof StoredFeature>;

/** The fixed columns and, beside them, the values by feature name; null where undefined. */
export type FeatureRow = FeatureKey & Readonly<Record<string, Cell>>;

const FIXED: Readonly<Record<keyof FeatureKey, ColumnType>> = {
  ts: 'timestamp',
  decided_ts: 'timestamp',
  known_at: 'timestamp',
  venue: 'symbol',
  symbol: 'symbol',
  feature_set: 'symbol',
  revision: 'int',
  feature_id: 'varchar',
  flags: 'varchar',
  imported_at: 'timestamp',
};

const FEATURE_NAME = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * The table of a feature set: the fixed columns and one per name. The names become identifiers in
 * DDL, so anything that is not plain snake_case, or is a fixed column, is a bug of the definition.
 */
export function featuresTable(
  names: readonly string[],
  table = 'features',
): QuestTable<FeatureRow> {
  for (const name of [table, ...names]) {
    assert(FEATURE_NAME.test(name), `"${name}" is not snake_case and cannot be a column or table`);
    assert(!Object.hasOwn(FIXED, name), `a feature cannot be called "${name}": a column is`);
  }
  const values = Object.fromEntries(names.map((name) => [name, 'double'] as const));
  return {
    name: table,
    columns: { ...FIXED, ...values } as QuestTable<FeatureRow>['columns'],
    keys: ['ts', 'venue', 'symbol', 'feature_set', 'revision'],
  };
}
