/** Grades of a signal, as the HTTP server reads them. */
import type pg from 'pg';
import type { DbRow } from './postgres-list.ts';

/** What the grader found of a signal, one row per label spec. */
export async function signalOutcomes(pool: pg.Pool, signalId: string): Promise<DbRow[]> {
  const sql = 'SELECT * FROM signal_outcomes WHERE signal_id = $1 ORDER BY label_spec';
  return (await pool.query<DbRow>(sql, [signalId])).rows;
}
