/** A training set's directory -> a danfojs frame, for small sets (up to 20 000 rows). */
import { join } from 'node:path';
import type { DataFrame } from 'danfojs-node';
import { toDataFrame, type FrameRow } from '../../src/summaries/frame.ts';
import { duckRow, duckRows, literal, openDuckdb } from './duckdb.ts';

/** What danfojs holds with ease. */
const ROWS_MAX = 20_000;

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
    const rows = await duckRows<FrameRow>(
      db,
      `SELECT ${text}, COLUMNS(c -> c NOT LIKE '%ts' AND c <> 'date') FROM ${source}`,
    );
    return await toDataFrame(rows);
  } finally {
    close();
  }
}
