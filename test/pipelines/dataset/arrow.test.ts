/** Arrow files hold what DuckDB answers: every value, null and microsecond, whatever the size. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDuckdb, type OpenDuckdb } from '../../../pipelines/dataset/duckdb.ts';
import { writeArrow } from '../../../pipelines/dataset/arrow.ts';

const COLUMNS = `SELECT 'S' || range AS symbol,
  CASE WHEN range % 3 = 0 THEN NULL ELSE range / 7 END AS value,
  CASE WHEN range % 5 = 0 THEN NULL ELSE (range % 2)::INTEGER END AS up,
  CASE WHEN range % 4 = 0 THEN NULL ELSE range * 1000000007 END AS request_row,
  CASE WHEN range % 11 = 0 THEN NULL ELSE make_timestamptz(1400000000000001 + range) END AS ts`;

describe('an Arrow file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-arrow-'));
  let duck: OpenDuckdb;
  beforeAll(async () => {
    duck = await openDuckdb();
  });
  afterAll(() => {
    duck.close();
    rmSync(dir, { recursive: true });
  });

  const written = async (sql: string) => {
    const file = join(dir, 'set.arrow');
    await writeArrow(duck.db, sql, file);
    return tableFromIPC(readFileSync(file));
  };

  test.each([1, 7, 2_048, 2_049, 10_000])('of %i rows reads back cell for cell', async (rows) => {
    const table = await written(`${COLUMNS} FROM range(${rows})`);
    expect(table.numRows).toBe(rows);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${String(type)}`)).toEqual([
      'symbol Utf8',
      'value Float64',
      'up Int32',
      'request_row Int64',
      'ts Timestamp<MICROSECOND, UTC>',
    ]);
    const ts = table.getChildAt(4);
    const micros = ts?.data.flatMap(({ values }) => Array.from(values as BigInt64Array)) ?? [];
    for (let i = 0; i < rows; i += Math.max(1, Math.floor(rows / 500))) {
      expect(table.getChildAt(0)?.get(i)).toBe(`S${i}`);
      expect(table.getChildAt(1)?.get(i)).toBe(i % 3 === 0 ? null : i / 7);
      expect(table.getChildAt(2)?.get(i)).toBe(i % 5 === 0 ? null : i % 2);
      expect(table.getChildAt(3)?.get(i)).toBe(i % 4 === 0 ? null : BigInt(i) * 1_000_000_007n);
      if (i % 11 === 0) expect(ts?.get(i)).toBeNull();
      else expect(micros[i]).toBe(1_400_000_000_000_001n + BigInt(i));
    }
  });

  test('without rows has its columns all the same', async () => {
    const table = await written(`${COLUMNS} FROM range(0)`);
    expect([table.numRows, table.numCols]).toEqual([0, 5]);
  });

  test('that cannot be written to its end fails with what went wrong', async () => {
    const late = `SELECT CASE WHEN range = 9000 THEN error('no more') ELSE 'a' END AS symbol`;
    await expect(written(`${late} FROM range(10000)`)).rejects.toThrow('no more');
  });

  test('is refused where a column has a type that no training set has', async () => {
    await expect(written('SELECT [1, 2] AS list')).rejects.toThrow('column list: no Arrow type');
  });
});
