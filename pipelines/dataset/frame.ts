/**
 * Rows as a danfojs frame, for small sets (up to some 20 000 rows): summaries, tables, CSV. The
 * library is loaded when it is first asked for, so that nobody else carries its weight.
 */
import { join } from 'node:path';
import type { DataFrame } from 'danfojs-node';
import { duckRow, duckRows, literal, openDuckdb } from './duckdb.ts';

/** What danfojs holds with ease. */
const ROWS_MAX = 20_000;

type Cell = string | number | boolean | null;

/** A frame of plain rows; null becomes NaN, which danfojs takes for missing. */
export async function toDataFrame(
  rows: readonly Readonly<Record<string, Cell>>[],
): Promise<DataFrame> {
  const { DataFrame: Frame } = await import('danfojs-node').then((m) => m.default ?? m);
  return new Frame(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell ?? NaN])),
    ),
  );
}

/** The frame of a training set's directory; times are RFC 3339 text. Throws for a large set. */
export async function datasetFrame(dir: string): Promise<DataFrame> {
  const { db, close } = await openDuckdb({ dirs: [dir] });
  try {
    const source = `read_parquet(${literal(join(dir, '**', '*.parquet'))},
      hive_partitioning = true, hive_types_autocast = false)`;
    const { n } = await duckRow<{ n: number }>(db, `SELECT count(*) AS n FROM ${source}`);
    if (n > ROWS_MAX) {
      throw new Error(`${n} rows are too many for a frame (${ROWS_MAX}): read the Parquet files`);
    }
    const text = `strftime(COLUMNS(c -> c LIKE '%ts'), '%Y-%m-%dT%H:%M:%S.%fZ')`;
    const rows = await duckRows<Record<string, Cell>>(
      db,
      `SELECT ${text}, COLUMNS(c -> c NOT LIKE '%ts' AND c <> 'date') FROM ${source}`,
    );
    return await toDataFrame(rows);
  } finally {
    close();
  }
}
