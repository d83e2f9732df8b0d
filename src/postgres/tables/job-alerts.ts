/** `job_runs` -> what somebody has to know of the jobs: one alert a job and kind, by set. */
import type { Pool } from 'pg';
import type { NewAlert } from './alerts.ts';

interface Found {
  readonly job: string;
  readonly kind: 'failed' | 'killed' | 'waiting';
  readonly runs: number;
  readonly run_id: number;
  readonly subject: string;
  readonly last_error: string | null;
}

/** Waiting for a server is no fault of the job; for so long somebody should know. */
const WAITING_MINUTES = 5;

/** The newest of each kind stands for all. A cancelled run is nobody's trouble any more. */
const FOUND_SQL = `
  SELECT DISTINCT ON (job, kind) job, kind, run_id, subject, last_error,
    count(*) OVER (PARTITION BY job, kind) AS runs
  FROM (
    SELECT *, CASE WHEN state = 'failed' THEN 'failed'
                   WHEN cause IN ('frozen', 'overdue', 'crashed') THEN 'killed'
                   ELSE 'waiting' END AS kind
    FROM job_runs
    WHERE state = 'failed' OR (state IN ('due', 'running') AND (
      cause IN ('frozen', 'overdue', 'crashed') OR (cause = 'outage'
        AND created_at < now() - make_interval(mins => ${WAITING_MINUTES}))))
  ) open
  ORDER BY job, kind, due_ts DESC, run_id DESC`;

/** All under the kind `job-runs`. */
export async function jobAlerts(pool: Pool): Promise<NewAlert[]> {
  const { rows } = await pool.query<Found>(FOUND_SQL);
  return rows.map(({ job, kind, runs, run_id, subject, last_error }) => ({
    key: `job-runs:${job}:${kind}`,
    severity: kind === 'failed' ? 'error' : 'warning',
    subject: job,
    message:
      `${runs} ${runs === 1 ? 'run' : 'runs'} of ${job} ${REPORTED[kind]}, the newest for ${subject}: ` +
      `${last_error ?? 'no reason is kept'}. See tickloom jobs show ${run_id}`,
    context: { job, runs, run_id, subject },
  }));
}

const REPORTED = {
  failed: 'failed for good and will be tried again hours apart',
  killed: 'did not end by themselves and are tried again',
  waiting: `have waited for a server for more than ${WAITING_MINUTES} minutes`,
} as const;
