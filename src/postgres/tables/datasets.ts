/**
 * `datasets`, `dataset_entities`, `dataset_requests`: which training sets there are, where their
 * files lie, and what was requested.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Pool } from 'pg';
import { formatUs } from '../../domain/time.ts';

export interface StoredManifest {
  readonly dataset_id: string;
  readonly sha256: string;
  readonly rows: number;
}

export interface StoredDataset<M> {
  readonly dataset_id: string;
  readonly rows: number;
  readonly manifest: M;
  /** Where its files were written last; null: it never had any. */
  readonly path: string | null;
}

/** A set that is made again elsewhere lies there from now on. */
export async function saveDataset(
  pool: Pool,
  manifest: StoredManifest,
  path: string,
): Promise<void> {
  await pool.query(
    `INSERT INTO datasets (dataset_id, sha256, rows, manifest, path) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (dataset_id) DO UPDATE SET path = EXCLUDED.path, manifest = EXCLUDED.manifest`,
    [manifest.dataset_id, manifest.sha256, manifest.rows, manifest, path],
  );
}

export async function readDataset<M>(pool: Pool, id: string): Promise<StoredDataset<M> | null> {
  const { rows } = await pool.query<StoredDataset<M>>(
    'SELECT dataset_id, rows, manifest, path FROM datasets WHERE dataset_id = $1',
    [id],
  );
  return rows[0] ?? null;
}

export interface ListedDataset {
  readonly dataset_id: string;
  readonly rows: number;
  readonly path: string | null;
  readonly created_at: number;
  readonly label_spec: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly as_of: string | null;
}

/** Oldest first. */
export async function listDatasets(pool: Pool): Promise<ListedDataset[]> {
  const { rows } = await pool.query<ListedDataset>(
    `SELECT dataset_id, rows, path, created_at, manifest->>'label_spec' AS label_spec,
       manifest->>'from' AS "from", manifest->>'to' AS "to", manifest->>'as_of' AS as_of
     FROM datasets ORDER BY created_at, dataset_id`,
  );
  return rows;
}

export interface KeptEntities {
  readonly sha256: string;
  readonly rows: number;
  readonly csv: string;
}

export async function saveEntities(pool: Pool, { sha256, rows, csv }: KeptEntities): Promise<void> {
  await pool.query(
    `INSERT INTO dataset_entities (sha256, rows, csv_gzip) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [sha256, rows, gzipSync(csv)],
  );
}

export async function readEntities(pool: Pool, sha256: string): Promise<string | null> {
  const { rows } = await pool.query<{ csv_gzip: Buffer }>(
    'SELECT csv_gzip FROM dataset_entities WHERE sha256 = $1',
    [sha256],
  );
  const [row] = rows;
  return row === undefined ? null : gunzipSync(row.csv_gzip).toString();
}

/** The very same that was requested before stays as it is. */
export async function saveRequest(pool: Pool, id: string, request: object): Promise<void> {
  await pool.query(
    `INSERT INTO dataset_requests (request_id, request) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    [id, request],
  );
}

/** Whether its job is due or runs already. */
export async function isUnderWay(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM job_runs
     WHERE job = 'dataset' AND subject = $1 AND state IN ('due', 'running')`,
    [id],
  );
  return (rowCount ?? 0) > 0;
}

export async function readRequest<R extends object>(pool: Pool, id: string): Promise<R | null> {
  const { rows } = await pool.query<{ request: R }>(
    'SELECT request FROM dataset_requests WHERE request_id = $1',
    [id],
  );
  return rows[0]?.request ?? null;
}

/** Why the set found less than is stored. */
export async function noteReason(pool: Pool, id: string, note: string): Promise<void> {
  await pool.query('UPDATE dataset_requests SET note = $2 WHERE request_id = $1', [id, note]);
}

export async function noteProgress(
  pool: Pool,
  id: string,
  progress: string,
  datasetId: string | null = null,
): Promise<void> {
  await pool.query(
    'UPDATE dataset_requests SET progress = $2, dataset_id = $3 WHERE request_id = $1',
    [id, progress, datasetId],
  );
}

interface BarrierRow {
  readonly control_id: string;
  readonly value: number;
  readonly offsets: Readonly<Record<string, number>>;
}

/**
 * The first as-of barrier that is not before `asOfUs` and that the log has shown; null: there is
 * none.
 */
export async function coveringBarrier(pool: Pool, asOfUs: number) {
  const { rows } = await pool.query<BarrierRow>(
    `SELECT o.control_id, (o.body->>'value')::bigint AS value,
       jsonb_object_agg(p.partition, p.log_offset) AS offsets
     FROM control_outbox o JOIN control_places p USING (control_id)
     WHERE o.type = 'cut' AND o.state = 'sent' AND (o.body->>'value')::bigint >= $1
     GROUP BY o.control_id, o.body ORDER BY 2, 1 LIMIT 1`,
    [asOfUs],
  );
  const [barrier] = rows;
  if (barrier === undefined) return null;
  const { value, control_id, offsets } = barrier;
  return { value: formatUs(value), control_id, offsets };
}
