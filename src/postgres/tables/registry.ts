/**
 * `models`, `datasets`, `training_runs`, `model_activations`, `audit_log`: what was trained, what
 * became of it, and who wanted that.
 *
 * Whoever changes a model's place comes through one transaction: the rules of the registry, the
 * models' states, the control records in the outbox, and the entry in the audit log.
 */
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../postgres.ts';
import { canonicalJson } from '../../domain/control.ts';
import { formatUs } from '../../domain/time.ts';
import type { ModelManifest } from '../../learning/artefact.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import {
  ChangeRefused,
  decideChange,
  findChampion,
  hasPlace,
  type KnownModel,
  type Market,
  type ModelChange,
  type ModelRequest,
  type ModelState,
  type Registry,
} from '../../learning/model-change.ts';
import { waitsBecause } from '../../learning/waiting.ts';
import type { StoredManifest } from './datasets.ts';
import { insert } from './insert.ts';
import { servable } from './model-source.ts';
import { appendControl } from './outbox.ts';
import { modelRecordId, moveLoans } from './promotion-loans.ts';
import { audit, nextAuditId } from './registry-audit.ts';
import { readPlaces } from './registry-undo.ts';

export interface NewCandidate extends Market {
  readonly modelId: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly manifest: ModelManifest;
  /** Null: there was nothing to judge it on yet. */
  readonly verdict: GateVerdict | null;
  readonly datasetId: string;
  /** Event time of the training. */
  readonly trainedTs: number;
  readonly origin: 'training' | 'registered';
  readonly codeVersion: string;
  readonly actor: string;
  readonly why: string;
}

/** A training of ours: the set that it was made from, and its run. */
export interface TrainedCandidate extends Omit<NewCandidate, 'datasetId'> {
  readonly dataset: StoredManifest & { readonly as_of: string };
}

/** Who wants a change, and why; `cause` makes its control records' ids, and is the audit's else. */
export interface ChangeBy {
  readonly actor: string;
  readonly why: string;
  readonly cause?: string;
  /** Event time; the instrument's stored watermark where it is left out. */
  readonly atTs?: number;
  /** What somebody has agreed to: refused where it comes to something else by now. */
  readonly agreed?: ModelChange;
}

export interface AppliedChange extends ModelChange, Market {
  readonly champion: string | null;
  readonly controlIds: readonly string[];
  /** Of its entry in the audit log, by which it can be taken back. */
  readonly auditId: number;
}

/** There is no model of this id. */
export class ModelMissing extends Error {}

/** Stores the candidate with its verdict; one that passed becomes a shadow, if a place is free. */
export function registerTrained(pool: Pool, request: TrainedCandidate): Promise<void> {
  const { modelId, venue, symbol, labelSpec, trainedTs, dataset, verdict } = request;
  const { dataset_id: datasetId } = dataset;
  return inTransaction(pool, async (client) => {
    await insert(client, 'datasets', {
      dataset_id: datasetId,
      sha256: dataset.sha256,
      rows: dataset.rows,
      manifest: dataset,
    });
    await insert(client, 'training_runs', {
      run_id: `${venue}:${symbol}:${trainedTs}`,
      venue,
      symbol,
      label_spec: labelSpec,
      dataset_id: datasetId,
      model_id: modelId,
      state: 'done',
      as_of: dataset.as_of,
      detail: verdict,
      finished_at: formatUs(trainedTs),
    });
    await storeCandidate(client, { ...request, datasetId });
  });
}

/** Stores a model that was made elsewhere; false when it is registered already. */
export const registerImported = (pool: Pool, request: NewCandidate): Promise<boolean> =>
  inTransaction(pool, (client) => storeCandidate(client, request));

async function storeCandidate(client: PoolClient, request: NewCandidate): Promise<boolean> {
  const { modelId, venue, symbol, labelSpec, verdict, actor, why, trainedTs } = request;
  const { rows } = await client.query<{ sha256: string }>(
    'SELECT sha256 FROM datasets WHERE dataset_id = $1',
    [request.datasetId],
  );
  const isNew = await insert(client, 'models', {
    model_id: modelId,
    venue,
    symbol,
    label_spec: labelSpec,
    state: verdict?.passed === false ? 'rejected' : 'candidate',
    sha256: request.sha256,
    artifact: Buffer.from(request.bytes),
    manifest: {
      ...request.manifest,
      dataset: { dataset_id: request.datasetId, sha256: rows[0]?.sha256 ?? null },
      artefact_sha256: request.sha256,
      code_version: request.codeVersion,
    },
    metrics: { slice: request.manifest.slice, folds: request.manifest.folds },
    verdict,
    dataset_id: request.datasetId,
    trained_at: formatUs(trainedTs),
    origin: request.origin,
  });
  if (!isNew) return false;
  const registry = await readRegistry(client, request, trainedTs);
  const known = { champion: findChampion(registry)?.modelId ?? null };
  const state = verdict?.passed === false ? 'rejected' : 'candidate';
  await audit(client, await nextAuditId(client), registry, {
    actor,
    why,
    action: 'register',
    subject: modelId,
    forced: false,
    records: [],
    before: { ...known, states: {} },
    after: { ...known, states: { [modelId]: state } },
  });
  if (verdict?.passed === true && hasPlace(registry)) {
    const by = { actor: 'gate', why: 'it passed the gate', cause: `gate:${trainedTs}` };
    await applyChange(client, registry, { action: 'shadow', modelId }, by);
  } else await noteWaiting(client, registry);
  return true;
}

/**
 * Makes the change in one transaction, or throws `ModelMissing` or `ChangeRefused` and leaves
 * everything as it was. A rollback names its market, any other change its model.
 */
export function changeModel(
  pool: Pool,
  request: ModelRequest,
  of: Market | null,
  by: ChangeBy,
): Promise<AppliedChange> {
  return inTransaction(pool, async (client) => {
    const market = of ?? (await readMarket(client, request));
    const registry = await readRegistry(client, market, by.atTs ?? null);
    return applyChange(client, registry, request, by);
  });
}

export interface PlannedChange extends ModelChange, Market {
  readonly before: Readonly<Record<string, ModelState>>;
  readonly champion: string | null;
}

/** What `changeModel` would do now, which is not done. Throws as that does. */
export function planChange(
  pool: Pool,
  request: ModelRequest,
  of: Market | null,
): Promise<PlannedChange> {
  return inTransaction(pool, async (client) => {
    const market = of ?? (await readMarket(client, request));
    const registry = await readRegistry(client, market, null);
    const change = await changeIn(client, registry, request);
    const moved = registry.models.filter((model) =>
      change.states.some(({ modelId }) => modelId === model.modelId),
    );
    const before = Object.fromEntries(moved.map(({ modelId, state }) => [modelId, state]));
    return { ...change, ...market, before, champion: findChampion(registry)?.modelId ?? null };
  });
}

const changeIn = async (client: PoolClient, registry: Registry, request: ModelRequest) =>
  request.action === 'rollback'
    ? decideChange(await withoutUnservable(client, registry), request)
    : decideChange(registry, request);

async function readMarket(client: PoolClient, request: ModelRequest): Promise<Market> {
  const modelId = 'modelId' in request ? request.modelId : '';
  const { rows } = await client.query<{ venue: string; symbol: string; label_spec: string }>(
    'SELECT venue, symbol, label_spec FROM models WHERE model_id = $1',
    [modelId],
  );
  const [row] = rows;
  if (row === undefined) throw new ModelMissing(`there is no model "${modelId}"`);
  return { venue: row.venue, symbol: row.symbol, labelSpec: row.label_spec };
}

interface ModelRow {
  readonly model_id: string;
  readonly sha256: string;
  readonly state: ModelState;
  readonly verdict: GateVerdict | null;
  readonly replaced: string | null;
  readonly changed_by: string | null;
  readonly expires_ts: string | null;
}

/** The models of a market, for this transaction alone: whoever else wants to change one waits. */
export async function readRegistry(
  client: PoolClient,
  { venue, symbol, labelSpec }: Market,
  atTs: number | null,
): Promise<Registry> {
  const market = { venue, symbol, labelSpec };
  const key = `models|${venue}|${symbol}|${labelSpec}`;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
  const { rows } = await client.query<ModelRow>(
    `SELECT model_id, sha256, state, verdict, replaced, changed_by,
       manifest->>'expires_ts' AS expires_ts
     FROM models WHERE venue = $1 AND symbol = $2 AND label_spec = $3
     ORDER BY trained_at DESC, model_id`,
    [venue, symbol, labelSpec],
  );
  const stored = await client.query<{ reached_ts: number }>(
    'SELECT reached_ts FROM stored_watermarks WHERE instrument = $1',
    [`${venue}:${symbol}`],
  );
  return { market, models: rows.map(knownModel), atTs: atTs ?? stored.rows[0]?.reached_ts ?? null };
}

const knownModel = (row: ModelRow): KnownModel => ({
  modelId: row.model_id,
  sha256: row.sha256,
  state: row.state,
  passed: row.verdict?.passed ?? null,
  failed: (row.verdict?.reasons ?? []).filter((each) => !each.passed).map((each) => each.detail),
  replaced: row.replaced,
  changedBy: row.changed_by,
  expiresTs: row.expires_ts === null ? null : Number(row.expires_ts),
});

/** The change within the caller's transaction, which holds the lock of `readRegistry`. */
async function applyChange(
  client: PoolClient,
  registry: Registry,
  request: ModelRequest,
  { actor, why, cause, agreed }: ChangeBy,
): Promise<AppliedChange> {
  const change = await changeIn(client, registry, request);
  if (agreed !== undefined && canonicalJson(change.states) !== canonicalJson(agreed.states)) {
    throw new ChangeRefused('somebody has changed a model meanwhile: look again, then decide');
  }
  const auditId = await nextAuditId(client);
  const { market, models, atTs } = registry;
  const kept = await readPlaces(client, change);
  for (const { modelId, to, by, replaced, since } of change.states) {
    await client.query(
      `UPDATE models SET state = $2, changed_by = $3, changed_ts = $4::timestamptz,
         replaced = CASE WHEN $5::boolean THEN $6::text ELSE replaced END
       WHERE model_id = $1`,
      [modelId, to, by, since === undefined ? time(atTs) : since, replaced !== undefined, replaced],
    );
  }
  const sentAs = cause ?? `audit-${auditId}`;
  const controlIds = await sendRecords(client, change, sentAs, why);
  await moveLoans(client, registry, change, sentAs);
  const findState = (modelId: string): string | null =>
    models.find((model) => model.modelId === modelId)?.state ?? null;
  const before = change.states.map(({ modelId }) => [modelId, findState(modelId)]);
  const after = change.states.map(({ modelId, to }) => [modelId, to]);
  const changed = Object.fromEntries(after) as Record<string, ModelState>;
  const champion =
    models.find(({ modelId, state }) => (changed[modelId] ?? state) === 'champion')?.modelId ??
    null;
  await noteWaiting(client, await readRegistry(client, market, atTs));
  await audit(client, auditId, registry, {
    actor,
    why,
    action: request.action,
    subject: change.modelId,
    records: controlIds,
    forced: request.action === 'promote' && request.force,
    before: {
      champion: findChampion(registry)?.modelId ?? null,
      states: Object.fromEntries(before),
    },
    after: { champion, states: changed },
    kept,
  });
  return { ...change, ...market, champion, controlIds, auditId };
}

/** Notes for every candidate of the market why it waits, as the registry is now. */
export async function noteWaiting(client: PoolClient, registry: Registry): Promise<void> {
  const reasons = registry.models.map((model) => waitsBecause(registry, model));
  await client.query(
    `UPDATE models m SET waits_because = s.because
     FROM unnest($1::text[], $2::text[]) AS s (model_id, because)
     WHERE m.model_id = s.model_id AND m.waits_because IS DISTINCT FROM s.because`,
    [registry.models.map(({ modelId }) => modelId), reasons],
  );
}

/** Into the outbox, and into the activations, which the log completes with its times. */
async function sendRecords(
  client: PoolClient,
  { records }: ModelChange,
  cause: string,
  why: string,
): Promise<string[]> {
  const controlIds: string[] = [];
  for (const { subject, body } of records) {
    const { state, model_id, venue, symbol, label_spec, slot, sha256 } = body;
    const controlId = modelRecordId(state, model_id, cause);
    if (state !== 'retired') {
      await refuseUnservable(client, model_id, sha256);
      await insert(client, 'model_activations', {
        control_id: controlId,
        venue,
        symbol,
        label_spec,
        slot,
        model_id,
      });
    }
    await appendControl(client, { controlId, type: 'model', subject, body, cause: why });
    controlIds.push(controlId);
  }
  return controlIds;
}

/** A rollback must not fail on what it would go back to: then it goes back to the baseline. */
async function withoutUnservable(client: PoolClient, registry: Registry): Promise<Registry> {
  const before = registry.models.find(
    ({ modelId }) => modelId === findChampion(registry)?.replaced,
  );
  if (before === undefined) return registry;
  try {
    await refuseUnservable(client, before.modelId, before.sha256);
    return registry;
  } catch (error) {
    if (!(error instanceof ChangeRefused)) throw error;
    return { ...registry, models: registry.models.filter((model) => model !== before) };
  }
}

/** The stream would not go past the record of a model that it cannot serve: not sent at all. */
async function refuseUnservable(
  client: PoolClient,
  modelId: string,
  sha256: string,
): Promise<void> {
  const { rows } = await client.query<{ artifact: Buffer }>(
    'SELECT artifact FROM models WHERE model_id = $1',
    [modelId],
  );
  try {
    servable(rows[0]?.artifact ?? Buffer.alloc(0), { modelId, sha256 });
  } catch (error) {
    const { message } = error as Error;
    throw new ChangeRefused(`"${modelId}" cannot be served: ${message}`);
  }
}

const time = (us: number | null): string | null => (us === null ? null : formatUs(us));
