/** `errors`: what went wrong in a stage or job; the same trouble again counts up. */
import type { Pool, PoolClient } from 'pg';

export interface NewError {
  /** The same key is the same trouble. */
  readonly key: string;
  readonly severity: 'warning' | 'error' | 'critical';
  readonly component: string;
  readonly code: string;
  readonly message: string;
  readonly context: object;
  readonly stack?: string | undefined;
}

export interface OpenError {
  readonly error_id: number;
  readonly severity: string;
  readonly component: string;
  readonly code: string;
  readonly message: string;
  readonly occurrences: number;
  readonly last_seen_at: number;
}

export async function recordError(client: Pool | PoolClient, error: NewError): Promise<void> {
  const { key, severity, component, code, message, context, stack = null } = error;
  await client.query(
    `INSERT INTO errors (error_key, severity, component, code, message, context, stack)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (error_key) DO UPDATE SET occurrences = errors.occurrences + 1,
       last_seen_at = now(), state = 'open', resolved_at = NULL`,
    [key, severity, component, code, message, context, stack],
  );
}

/** Newest first. */
export async function openErrors(pool: Pool): Promise<OpenError[]> {
  const { rows } = await pool.query<OpenError>(
    `SELECT error_id, severity, component, code, message, occurrences, last_seen_at FROM errors
     WHERE state = 'open' ORDER BY last_seen_at DESC, error_id DESC LIMIT 1000`,
  );
  return rows;
}

/** Where something is wrong: the components with an open error. */
export async function openComponents(pool: Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ component: string }>(
    `SELECT DISTINCT component FROM errors WHERE state = 'open'`,
  );
  return new Set(rows.map(({ component }) => component));
}

/** The open errors whose key begins so, each with its count. */
export async function readOpenErrors(
  pool: Pool,
  keyBegin: string,
): Promise<{ readonly error_key: string; readonly occurrences: number }[]> {
  const { rows } = await pool.query<{ error_key: string; occurrences: number }>(
    `SELECT error_key, occurrences FROM errors WHERE state = 'open' AND starts_with(error_key, $1)`,
    [keyBegin],
  );
  return rows;
}

/** Closes what is over by itself: the errors whose key begins so. Returns how many were open. */
export async function settleErrors(pool: Pool, keyBegin: string): Promise<number> {
  const { rowCount } = await pool.query(
    `UPDATE errors SET state = 'resolved', resolved_at = now(), note = 'it went on by itself'
     WHERE state = 'open' AND starts_with(error_key, $1)`,
    [keyBegin],
  );
  return rowCount ?? 0;
}

/** False when there is no open error of this number. */
export async function resolveError(
  pool: Pool,
  errorId: number,
  note: string | null,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE errors SET state = 'resolved', resolved_at = now(), note = $2
     WHERE error_id = $1 AND state = 'open'`,
    [errorId, note],
  );
  return rowCount === 1;
}
