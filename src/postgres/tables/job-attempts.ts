/**
 * `job_runs`, the tries of a run: who has it, how a try ended, when the next one may begin.
 *
 * Attempts are counted for each run alone, and only by the try that has it. Rests are measured by
 * the database's clock from both ends, so that a clock put back ends a rest and never makes one
 * longer. A run that failed for good is due again after a long rest, unless a newer one of the same
 * subject makes up for it.
 */
import type { Pool, PoolClient } from 'pg';
import { formatUs } from '../../domain/time.ts';
import type { JobRun, RunKey } from './job-runs.ts';

/** How a try ended that gave no result. */
export type Cause = 'error' | 'outage' | 'frozen' | 'overdue' | 'crashed';

export interface FailedTry {
  readonly cause: Cause;
  readonly message: string;
}

/** After so many the run has failed for good; until a late look tries again. */
export const ATTEMPTS_MAX = 4;
const HOUR_S = 3_600;
/** Behind the first attempt that failed, the second, and so on; the last one for all others. */
export const RESTS_S: readonly number[] = [
  2,
  10,
  30,
  ...[1, 2, 4, 8, 16, 24].map((hours) => hours * HOUR_S),
];
/** The same of a server that is away. */
export const OUTAGE_RESTS_S: readonly number[] = [1, 2, 4, 8, 15];

/** Of these jobs a newer run does all that an older one would have done. */
const MADE_UP_FOR = ['quality', 'review', 'training', 'retention'];

const KEY = 'job = $1 AND subject = $2 AND due_ts = $3';
const runKey = ({ job, subject, due_ts }: RunKey): string[] => [job, subject, formatUs(due_ts)];

const RESTS = `next_try_at IS NOT NULL AND now() < next_try_at
  AND now() >= next_try_at - make_interval(secs => rest_s)`;

/** Of each of the jobs the oldest open runs that do not rest, so many at most; oldest first. */
export async function runsToTry(
  pool: Pool,
  jobs: readonly string[],
  limit: number,
): Promise<JobRun[]> {
  const { rows } = await pool.query<JobRun>(
    `SELECT r.* FROM unnest($1::text[]) AS j(job) CROSS JOIN LATERAL (
       SELECT job, subject, due_ts, state, attempts, detail FROM job_runs
       WHERE job = j.job AND state IN ('due', 'running') AND NOT coalesce(${RESTS}, false)
       ORDER BY due_ts, subject LIMIT $2) r
     ORDER BY due_ts, job, subject`,
    [jobs, limit],
  );
  return rows;
}

/** Takes an open run up for the try `claim`; false when it is finished. */
export async function takeRun(pool: Pool, run: RunKey, claim: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE job_runs SET state = 'running', claim = $4, started_at = now(), alive_at = now(),
       next_try_at = NULL, rest_s = 0
     WHERE ${KEY} AND state IN ('due', 'running')`,
    [...runKey(run), claim],
  );
  return rowCount === 1;
}

/** Notes that the try goes on; false when the run was cancelled. */
export async function noteAlive(pool: Pool, run: RunKey, claim: string): Promise<boolean> {
  const { rows } = await pool.query<{ state: string }>(
    `UPDATE job_runs SET alive_at = CASE WHEN claim = $4 THEN now() ELSE alive_at END
     WHERE ${KEY} RETURNING state`,
    [...runKey(run), claim],
  );
  return rows[0]?.state !== 'cancelled';
}

/**
 * The try `claim` ended without a result: the run rests, or has failed for good. An outage is no
 * attempt. Null when the run is not this try's any more.
 */
export async function putOff(
  pool: Pool,
  run: RunKey,
  claim: string,
  { cause, message }: FailedTry,
): Promise<Pick<JobRun, 'state' | 'attempts'> | null> {
  const { rows } = await pool.query<Pick<JobRun, 'state' | 'attempts'>>(
    `UPDATE job_runs r SET attempts = n.attempts, outages = n.outages, cause = $5,
       last_error = $6, rest_s = n.rest_s, claim = NULL,
       next_try_at = now() + make_interval(secs => n.rest_s),
       state = CASE WHEN n.fails THEN 'failed' ELSE 'due' END,
       detail = CASE WHEN n.fails THEN r.detail || jsonb_build_object('reason', $6::text)
                ELSE r.detail END,
       finished_at = CASE WHEN n.fails THEN now() END
     FROM (SELECT *, $5 <> 'outage' AND attempts >= $9 AS fails,
             CASE WHEN $5 = 'outage' THEN ($7::int[])[least(outages, cardinality($7::int[]))]
                  ELSE ($8::int[])[least(attempts, cardinality($8::int[]))] END AS rest_s
           FROM (SELECT attempts + ($5 <> 'outage')::int AS attempts,
                   outages + ($5 = 'outage')::int AS outages FROM job_runs WHERE ${KEY}) counted) n
     WHERE ${KEY} AND state = 'running' AND claim = $4
     RETURNING r.state, r.attempts`,
    [...runKey(run), claim, cause, message, OUTAGE_RESTS_S, RESTS_S, ATTEMPTS_MAX],
  );
  return rows[0] ?? null;
}

/**
 * Makes due what failed for good and has rested since, one try each, where nothing newer of the
 * same subject makes up for it. Returns what is due again.
 */
export async function reviveFailed(pool: Pool): Promise<RunKey[]> {
  const { rows } = await pool.query<RunKey>(
    `UPDATE job_runs f SET state = 'due', finished_at = NULL
     WHERE state = 'failed' AND NOT coalesce(${RESTS}, false)
       AND NOT (job = ANY($1) AND EXISTS (
         SELECT FROM job_runs n WHERE n.job = f.job AND n.subject = f.subject
           AND n.due_ts > f.due_ts AND n.state <> 'cancelled'))
     RETURNING job, subject, due_ts`,
    [MADE_UP_FOR],
  );
  return rows;
}

/** The right to run one run; nobody else has it until it is released, or its connection ends. */
export interface Hold {
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/**
 * Null when another process has the run. A lock of the connection: no clock can end it, and a
 * process that ends lets go of it. In a transaction, so that a pooler in front keeps to it.
 */
export async function holdRun(pool: Pool, run: RunKey): Promise<Hold | null> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      `SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL tcp_keepalives_idle = 30;
       SET LOCAL tcp_keepalives_interval = 10; SET LOCAL tcp_keepalives_count = 3`,
    );
    const { rows } = await client.query<{ held: boolean }>(
      `SELECT pg_try_advisory_xact_lock(${LOCK_OF}) AS held`,
      runKey(run),
    );
    if (rows[0]?.held === true) return makeHold(client);
    await client.query('ROLLBACK');
    client.release();
    return null;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

const LOCK_OF = `hashtextextended('job ' || $1 || ' ' || $2 || ' ' || $3, 0)`;

function makeHold(client: PoolClient): Hold {
  let lose: () => void = () => undefined;
  const lost = new Promise<void>((resolve) => {
    lose = resolve;
  });
  client.on('error', lose);
  return {
    lost,
    release: async () => {
      client.off('error', lose);
      // Unheard, a late error of it would end the process.
      client.on('error', () => undefined);
      await client.query('ROLLBACK').then(
        () => client.release(),
        () => client.release(true),
      );
    },
  };
}

/** Ends the connection that holds a run whose process is frozen. Returns how many it ended. */
export async function breakHold(pool: Pool, run: RunKey): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
       AND ((classid::bigint << 32) | objid::bigint) = ${LOCK_OF}`,
    runKey(run),
  );
  return rowCount ?? 0;
}
