import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { featuresTable } from '../../../src/questdb/tables/features.ts';
import { questTables } from '../../../src/questdb/tables/schema.ts';
import { loadSql } from '../../../src/questdb/tables/sql.ts';

const COLUMN = /^ {2}(\w+) (TIMESTAMP|SYMBOL|VARCHAR|DOUBLE|INT|LONG),?$/gm;

describe('the SQL files and the code', () => {
  test.each(questTables([]).map((table) => [table.name, table] as const))(
    '%s has the same columns, order, types and key in both',
    (name, table) => {
      const sql = loadSql(`questdb/${name}`);
      const columns = [...sql.matchAll(COLUMN)].map(([, column, type]) => [
        column,
        type?.toLowerCase(),
      ]);
      expect(columns).toEqual(Object.entries(table.columns));
      expect(sql).toContain(`DEDUP UPSERT KEYS(${table.keys.join(', ')})`);
      expect(sql).toMatch(/TIMESTAMP\(ts\) PARTITION BY (DAY|MONTH) WAL/);
    },
  );

  test.each(['candles', 'features', 'labels'])('%s_latest goes by its whole key', (name) => {
    const key = questTables([]).find((table) => table.name === name)?.keys ?? [];
    const list = key.filter((column) => column !== 'revision').join(', ');
    expect(loadSql(`questdb/${name}_latest`)).toContain(`newest ON (${list})`);
  });

  test('a comment explains each table and is not sent', () => {
    for (const { name } of questTables([])) {
      const file = new URL(`../../../sql/questdb/${name}.sql`, import.meta.url);
      expect(readFileSync(file, 'utf8')).toMatch(/^-- /);
      expect(loadSql(`questdb/${name}`)).toMatch(/^CREATE TABLE IF NOT EXISTS/);
    }
  });
});

describe('the table of a feature set', () => {
  test('has one double per feature behind the fixed columns', () => {
    const { columns } = featuresTable(['rsi_14_1m']);
    expect(Object.entries(columns).at(-1)).toEqual(['rsi_14_1m', 'double']);
  });

  test.each(['a b', 'x; DROP TABLE ticks', 'Rsi', '', '__proto__', 'venue', 'ts'])(
    'takes no feature called "%s"',
    (name) => expect(() => featuresTable([name])).toThrow(/feature|snake_case/),
  );
});
