/** The columns that `docs/sql.md` names, against PostgreSQL's own catalogue. */
import { afterAll, describe, expect, test } from 'vitest';
import { parseTables } from '../../infra/docs/migrations.ts';
import { sqlSources } from '../../infra/docs/pages.ts';
import { VIEWS } from '../../infra/docs/postgres-views.ts';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { must } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';

/** As the catalogue calls them. */
const LONG: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };
const longType = (type: string): string => LONG[type] ?? type;

const tables = parseTables(sqlSources().postgres);
const documentedColumns = (name: string): [string, string][] =>
  must(tables.find((each) => each.name === name)).columns.map((column) => [
    column.name,
    longType(column.type),
  ]);

describe('docs/sql.md and PostgreSQL', () => {
  const pool = openPostgres(loadConfig().postgresUrl);
  afterAll(() => pool.end());

  /** Name and type, in their order; of a table or a view. */
  async function catalogue(name: string): Promise<[string, string][]> {
    const { rows } = await pool.query<{ column_name: string; data_type: string }>(
      // The information schema calls every array only that.
      `SELECT attname AS column_name, format_type(atttypid, NULL) AS data_type FROM pg_attribute
       WHERE attrelid = ('public.' || quote_ident($1))::regclass AND attnum > 0 AND NOT attisdropped
       ORDER BY attnum`,
      [name],
    );
    return rows.map(({ column_name: column, data_type: type }) => [column, type]);
  }

  test.each(tables.map(({ name }) => name))('give %s the same columns', async (name) => {
    expect(await catalogue(name)).toEqual(documentedColumns(name));
  });

  test.each(Object.entries(VIEWS))('give the view %s the same columns', async (name, view) => {
    const documented =
      'columns' in view
        ? Object.entries(view.columns).map(([column, [type]]) => [column, longType(type)])
        : documentedColumns(view.sameColumnsAs);
    expect(await catalogue(name)).toEqual(documented);
  });
});
