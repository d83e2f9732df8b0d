/**
 * `job_runs`: every job that is or was due, by (job, subject, event time). The truth about jobs:
 * queues are filled from it and may be lost.
 */
import type { Pool } from 'pg';
import { formatUs } from '../../domain/time.ts';

export const JOB_STATES = ['due', 'running', 'done', 'refused', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What a run is known by. */
export interface RunKey {
  readonly job: string;
  readonly subject: string;
  /** Event time. */
  readonly due_ts: number;
}

export interface JobRun extends RunKey {
  readonly state: JobState;
  readonly attempts: number;
  readonly detail: Record<string, unknown>;
}

/** Makes the runs due; those that exist stay as they are. Returns how many are new. */
export async function addDueRuns(
  pool: Pool,
  job: string,
  subjects: Iterable<string>,
  dueTs: number,
): Promise<number> {
  const { rowCount } = await pool.query(
    `INSERT INTO job_runs (job, subject, due_ts)
     SELECT $1, subject, $3 FROM unnest($2::text[]) AS subject
     ON CONFLICT DO NOTHING`,
    [job, [...subjects], formatUs(dueTs)],
  );
  return rowCount ?? 0;
}

/** Runs that are not finished, oldest first. */
export async function openRuns(pool: Pool): Promise<JobRun[]> {
  const { rows } = await pool.query<JobRun>(
    `SELECT job, subject, due_ts, state, attempts, detail FROM job_runs
     WHERE state IN ('due', 'running') ORDER BY due_ts, job, subject`,
  );
  return rows;
}

/** The runs that a process has, each with the last sign of life of that. */
export async function runningRuns(
  pool: Pool,
): Promise<(RunKey & { readonly run_id: number; readonly alive_at: number | null })[]> {
  const { rows } = await pool.query<RunKey & { run_id: number; alive_at: number | null }>(
    `SELECT run_id, job, subject, due_ts, alive_at FROM job_runs WHERE state = 'running'`,
  );
  return rows;
}

/** What a run is at, for those who wait for it. */
export async function noteStep(
  pool: Pool,
  { job, subject, due_ts }: RunKey,
  step: string,
): Promise<void> {
  await pool.query(
    `UPDATE job_runs SET state = 'running', started_at = coalesce(started_at, now()),
       detail = detail || jsonb_build_object('step', $4::text)
     WHERE job = $1 AND subject = $2 AND due_ts = $3 AND state IN ('due', 'running')`,
    [job, subject, formatUs(due_ts), step],
  );
}

export async function finishRun(
  pool: Pool,
  run: RunKey,
  state: 'done' | 'refused' | 'failed',
  detail: Record<string, unknown>,
): Promise<void> {
  await pool.query(
    `UPDATE job_runs SET state = $4, detail = $5, finished_at = now(), claim = NULL
     WHERE job = $1 AND subject = $2 AND due_ts = $3 AND state IN ('due', 'running')`,
    [run.job, run.subject, formatUs(run.due_ts), state, detail],
  );
}

/** One run as it stands; null: there is none. */
export async function readRun(
  pool: Pool,
  { job, subject, due_ts }: RunKey,
): Promise<JobRun | null> {
  const { rows } = await pool.query<JobRun>(
    `SELECT job, subject, due_ts, state, attempts, detail FROM job_runs
     WHERE job = $1 AND subject = $2 AND due_ts = $3`,
    [job, subject, formatUs(due_ts)],
  );
  return rows[0] ?? null;
}

/** All runs of a job, oldest first. */
export async function readRuns(pool: Pool, job: string): Promise<JobRun[]> {
  const { rows } = await pool.query<JobRun>(
    `SELECT job, subject, due_ts, state, attempts, detail FROM job_runs
     WHERE job = $1 ORDER BY due_ts, subject`,
    [job],
  );
  return rows;
}

/** The newest event time, up to `byTs`, for which a job of this subject was due; null: never. */
export async function newestDue(
  pool: Pool,
  job: string,
  subject: string,
  byTs: number,
): Promise<number | null> {
  const { rows } = await pool.query<{ due_ts: number | null }>(
    'SELECT max(due_ts) AS due_ts FROM job_runs WHERE job = $1 AND subject = $2 AND due_ts <= $3',
    [job, subject, formatUs(byTs)],
  );
  return rows[0]?.due_ts ?? null;
}

/** The same of every subject that has one. */
export async function newestDueBySubject(
  pool: Pool,
  job: string,
  byTs: number,
): Promise<Map<string, number>> {
  const { rows } = await pool.query<Pick<JobRun, 'subject' | 'due_ts'>>(
    `SELECT subject, max(due_ts) AS due_ts FROM job_runs WHERE job = $1 AND due_ts <= $2
     GROUP BY subject`,
    [job, formatUs(byTs)],
  );
  return new Map(rows.map(({ subject, due_ts }) => [subject, due_ts]));
}

/** The newest run in front of this one that is done and whose detail names `field`; null: none. */
export async function lastDetail(
  pool: Pool,
  { job, subject, due_ts }: RunKey,
  field: string,
): Promise<Pick<JobRun, 'due_ts' | 'detail'> | null> {
  const { rows } = await pool.query<Pick<JobRun, 'due_ts' | 'detail'>>(
    `SELECT due_ts, detail FROM job_runs
     WHERE job = $1 AND subject = $2 AND due_ts < $3 AND state = 'done' AND detail ? $4
     ORDER BY due_ts DESC LIMIT 1`,
    [job, subject, formatUs(due_ts), field],
  );
  return rows[0] ?? null;
}

/** Gives the runs of a job today's name. One that is there under both is the one of that name. */
export async function renameRuns(pool: Pool, from: string, to: string): Promise<void> {
  await pool.query(
    `DELETE FROM job_runs AS old USING job_runs AS own
     WHERE old.job = $1 AND own.job = $2 AND own.subject = old.subject
       AND own.due_ts = old.due_ts`,
    [from, to],
  );
  await pool.query('UPDATE job_runs SET job = $2 WHERE job = $1', [from, to]);
}
