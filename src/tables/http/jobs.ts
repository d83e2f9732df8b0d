/** Job runs by job, as the HTTP server reads them. */
import type pg from 'pg';
import type { DbRow } from './postgres-list.ts';

/** Of every job the run that was touched last, with the job's counts. */
export async function newestRuns(pool: pg.Pool): Promise<DbRow[]> {
  const sql = `SELECT DISTINCT ON (r.job) r.*, n.runs, n.open, n.failed
    FROM job_runs r
    JOIN (
      SELECT job, count(*) AS runs, count(*) FILTER (WHERE state IN ('due', 'running')) AS open,
        count(*) FILTER (WHERE state = 'failed') AS failed
      FROM job_runs GROUP BY job
    ) n USING (job)
    ORDER BY r.job, coalesce(r.finished_at, r.started_at, r.created_at) DESC, r.due_ts DESC`;
  return (await pool.query<DbRow>(sql)).rows;
}
