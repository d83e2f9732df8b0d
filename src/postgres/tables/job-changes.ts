/** `job_runs` for people: what runs are at, and a run tried again or called off by hand. */
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../postgres.ts';
import type { JobRun } from './job-runs.ts';

export interface ShownRun extends JobRun {
  readonly run_id: number;
  /** Times that it was put off because a server was away. */
  readonly outages: number;
  /** How far it is, in its own words. */
  readonly step: string | null;
  readonly cause: string | null;
  readonly last_error: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly alive_at: number | null;
  readonly finished_at: number | null;
  /** Null: at once, or never. */
  readonly next_try_at: number | null;
  /** Seconds since it was made due. */
  readonly age_s: number;
}

export interface RunFilter {
  readonly job?: string;
  readonly state?: string;
  /** Finished ones too. */
  readonly all?: boolean;
  readonly limit?: number;
}

/** There is no such run. */
export class RunMissing extends Error {
  override readonly name = 'RunMissing';
}

/** What is requested does not fit the state of the run; the message says why. */
export class RunRefused extends Error {
  override readonly name = 'RunRefused';
}

const COLUMNS = `run_id, job, subject, due_ts, state, attempts, outages, detail->>'step' AS step,
  cause, last_error, created_at, started_at, alive_at, finished_at, detail,
  CASE WHEN state IN ('due', 'failed') AND next_try_at > now() THEN next_try_at END AS next_try_at,
  floor(extract(epoch FROM now() - created_at))::int AS age_s`;

/** Newest first; without a filter those that are not finished, or failed. */
export async function listRuns(
  pool: Pool,
  { job, state, all = false, limit = 100 }: RunFilter,
): Promise<ShownRun[]> {
  const { rows } = await pool.query<ShownRun>(
    `SELECT ${COLUMNS} FROM job_runs
     WHERE ($1::text IS NULL OR job = $1) AND ($2::text IS NULL OR state = $2)
       AND ($3 OR $2::text IS NOT NULL OR state IN ('due', 'running', 'failed'))
     ORDER BY due_ts DESC, run_id DESC LIMIT $4`,
    [job ?? null, state ?? null, all, limit],
  );
  return rows;
}

/** Throws `RunMissing`. */
export async function showRun(pool: Pool, runId: number): Promise<ShownRun> {
  const { rows } = await pool.query<ShownRun>(`SELECT ${COLUMNS} FROM job_runs WHERE run_id = $1`, [
    runId,
  ]);
  if (rows[0] === undefined) throw new RunMissing(`there is no run ${runId}`);
  return rows[0];
}

export type RunChange = 'retry' | 'cancel';

const FROM: Readonly<Record<RunChange, readonly string[]>> = {
  retry: ['due', 'failed', 'refused', 'cancelled'],
  cancel: ['due', 'running', 'failed'],
};
const SET: Readonly<Record<RunChange, string>> = {
  retry: `state = 'due', attempts = 0, next_try_at = NULL, rest_s = 0, finished_at = NULL,
    cause = NULL`,
  cancel: `state = 'cancelled', finished_at = now(), next_try_at = NULL,
    detail = detail || jsonb_build_object('reason', 'cancelled by hand')`,
};

/**
 * Tries a run again as if for the first time, or calls it off; a running one is ended within
 * seconds. Kept in the audit log. Throws `RunMissing` or `RunRefused`.
 */
export function changeRun(
  pool: Pool,
  change: RunChange,
  runId: number,
  { actor, why }: { readonly actor: string; readonly why: string | null },
): Promise<ShownRun> {
  return inTransaction(pool, async (client) => {
    const state = await lockedState(client, runId);
    if (!FROM[change].includes(state)) {
      throw new RunRefused(`run ${runId} is ${state}: ${WHY_NOT[change]}`);
    }
    const { rows } = await client.query<ShownRun>(
      `UPDATE job_runs SET ${SET[change]} WHERE run_id = $1 RETURNING ${COLUMNS}`,
      [runId],
    );
    await client.query(
      `INSERT INTO audit_log (actor, action, subject, reason, detail)
       VALUES ($1, $2, $3, $4, jsonb_build_object('was', $5::text))`,
      [actor, `job_${change}`, String(runId), why, state],
    );
    return rows[0] as ShownRun;
  });
}

const WHY_NOT: Readonly<Record<RunChange, string>> = {
  retry: 'what runs or is done is not tried again',
  cancel: 'only what is not finished can be called off',
};

async function lockedState(client: PoolClient, runId: number): Promise<string> {
  const { rows } = await client.query<{ state: string }>(
    'SELECT state FROM job_runs WHERE run_id = $1 FOR UPDATE',
    [runId],
  );
  if (rows[0] === undefined) throw new RunMissing(`there is no run ${runId}`);
  return rows[0].state;
}
