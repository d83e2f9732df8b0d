/** `process_metrics`: the numbers of every process, for the one that serves `/metrics`. */
import type { Pool } from 'pg';

/** What one process reports of itself. */
export interface ProcessMetrics {
  /** `host:pid`. */
  readonly worker: string;
  /** What runs in it. */
  readonly process: string;
  /** As prom-client's registry gives them. */
  readonly metrics: readonly object[];
}

/** Numbers older than this are of a process that has gone, or that has no turn. */
const FRESH_S = 30;
/** So long a process that ended without removing its row is reported as silent. */
const REMEMBERED_S = 3_600;

/** Replaces what the worker reported before. */
export async function noteMetrics(pool: Pool, reported: ProcessMetrics): Promise<void> {
  await pool.query(
    `INSERT INTO process_metrics (worker, process, metrics) VALUES ($1, $2, $3)
     ON CONFLICT (worker) DO UPDATE SET process = $2, metrics = $3, at = now()`,
    [reported.worker, reported.process, JSON.stringify(reported.metrics)],
  );
  await pool.query(`DELETE FROM process_metrics WHERE at < now() - make_interval(secs => $1)`, [
    REMEMBERED_S,
  ]);
}

/** A process that ends in order is not silent. */
export async function forgetMetrics(pool: Pool, worker: string): Promise<void> {
  await pool.query('DELETE FROM process_metrics WHERE worker = $1', [worker]);
}

export interface ReportedMetrics extends ProcessMetrics {
  /** Seconds since it reported; then `metrics` is empty where that is too long. */
  readonly ageS: number;
}

/** What runs now, by the names that processes report. */
export async function aliveNames(pool: Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT DISTINCT unnest(string_to_array(process, '+')) AS name FROM process_metrics
     WHERE at > now() - make_interval(secs => $1)`,
    [FRESH_S],
  );
  return new Set(rows.map(({ name }) => name));
}

/** What all processes but this one have reported. */
export async function readOtherMetrics(pool: Pool, worker: string): Promise<ReportedMetrics[]> {
  const { rows } = await pool.query<ReportedMetrics>(
    `SELECT worker, process, "ageS", CASE WHEN "ageS" < $2 THEN metrics ELSE '[]' END AS metrics
     FROM (
       SELECT *, extract(epoch FROM now() - at)::double precision AS "ageS" FROM process_metrics
     ) reported
     WHERE worker <> $1 AND "ageS" < $3 ORDER BY process, worker`,
    [worker, FRESH_S, REMEMBERED_S],
  );
  return rows;
}
