/**
 * `models`, `datasets`, `training_runs`, `model_activations`: what was trained, what became of it.
 */
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../../adapters/postgres.ts';
import type { ModelControl } from '../../domain/control.ts';
import { formatUs } from '../../domain/time.ts';
import type { Candidate } from '../../learning/train.ts';
import { insert } from './insert.ts';
import { appendControl } from './outbox.ts';

/** The control record that puts a model into force. */
export interface ModelRecord {
  readonly controlId: string;
  readonly subject: string;
  readonly body: ModelControl;
  readonly cause: string;
}

export interface NewCandidate {
  readonly modelId: string;
  readonly sha256: string;
  /** Appended when the candidate passed. */
  readonly record: ModelRecord;
  readonly venue: string;
  readonly symbol: string;
  readonly labelSpec: string;
  readonly datasetId: string;
  /** Event time of the training. */
  readonly trainedTs: number;
  readonly candidate: Candidate;
  /** The data set's definition and counts. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Stores the candidate with its verdict; one that passed becomes champion. */
export function registerCandidate(pool: Pool, request: NewCandidate): Promise<void> {
  const { modelId, sha256, venue, symbol, labelSpec, trainedTs } = request;
  const { candidate, datasetId, manifest } = request;
  return inTransaction(pool, async (client) => {
    await insert(client, 'datasets', {
      dataset_id: datasetId,
      sha256: datasetId.slice(3),
      rows: manifest['rows'],
      manifest,
    });
    const isNew = await insert(client, 'models', {
      model_id: modelId,
      venue,
      symbol,
      label_spec: labelSpec,
      state: candidate.verdict.passed ? 'candidate' : 'rejected',
      sha256,
      artifact: Buffer.from(candidate.bytes),
      manifest: candidate.manifest,
      metrics: { slice: candidate.manifest.slice, folds: candidate.manifest.folds },
      verdict: candidate.verdict,
      dataset_id: datasetId,
      trained_at: formatUs(trainedTs),
    });
    await insert(client, 'training_runs', {
      run_id: `${venue}:${symbol}:${trainedTs}`,
      venue,
      symbol,
      label_spec: labelSpec,
      dataset_id: datasetId,
      model_id: modelId,
      state: 'done',
      as_of: manifest['as_of'],
      detail: candidate.verdict,
      finished_at: formatUs(trainedTs),
    });
    if (isNew && candidate.verdict.passed) await promote(client, request.record);
  });
}

/** Champion from its record's place in the log on; whoever was champion retires. */
async function promote(client: PoolClient, record: ModelRecord): Promise<void> {
  const { venue, symbol, label_spec, slot, model_id } = record.body;
  await client.query(
    `UPDATE models SET state = 'retired'
     WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND state = 'champion'`,
    [venue, symbol, label_spec],
  );
  await client.query(`UPDATE models SET state = 'champion' WHERE model_id = $1`, [model_id]);
  await insert(client, 'model_activations', {
    control_id: record.controlId,
    venue,
    symbol,
    label_spec,
    slot,
    model_id,
  });
  const { controlId, subject, body, cause } = record;
  await appendControl(client, { controlId, type: 'model', subject, body, cause });
  await client.query(
    `INSERT INTO audit_log (actor, action, subject, reason) VALUES ('gate', 'promote', $1, $2)`,
    [model_id, cause],
  );
}
