/** Job runs by job, as the HTTP server reads them. */
import type pg from 'pg';
import type { DbRow } from './postgres-list.ts';

/** Of every job the run with the latest due time, with the job's counts. */
export async function newestRuns(pool: pg.Pool): Promise<DbRow[]> {
  const sql = `SELECT DISTINCT ON (r.job) r.*, n.runs, n.open, n.failed
    FROM job_runs r
    JOIN (
      SELECT job, count(*) AS runs, count(*) FILTER (WHERE state IN ('due', 'running')) AS open,
        count(*) FILTER (WHERE state = 'failed') AS failed
      FROM job_runs GROUP BY job
    ) n USING (job)
    ORDER BY r.job, r.due_ts DESC, coalesce(r.finished_at, r.started_at, r.created_at) DESC`;
  return (await pool.query<DbRow>(sql)).rows;
}

export interface RunCount {
  readonly job: string;
  readonly state: string;
  readonly runs: number;
}

/** How many runs of every job are in each state. */
export async function runCounts(pool: pg.Pool): Promise<RunCount[]> {
  const { rows } = await pool.query<RunCount>(
    'SELECT job, state, count(*) AS runs FROM job_runs GROUP BY job, state ORDER BY job, state',
  );
  return rows;
}
