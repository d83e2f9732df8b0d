/**
 * `models` -> a model ready to predict, waiting as long as it takes: the stream goes past a control
 * record that names a model only with that model at hand.
 */
import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { fetchOnnxRuntime } from '../../../infra/local/onnxruntime.ts';
import { loadOnnx, OnnxRuntimeMissing } from '../../models/onnx.ts';
import { sleep } from '../../clock.ts';
import { loadConfig } from '../../config/config.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../features/definition.ts';
import {
  FeaturesDifferError,
  loadModel,
  unavailableModel,
  type ServingModel,
} from '../../learning/serving-model.ts';
import { recordError } from './errors.ts';

const RETRY_MS = 1_000;
const RUNTIME_RETRY_MS = 30_000;
const STREAM_FEATURES = { featureSet: FEATURE_SET, featureNames: FEATURE_NAMES };

/**
 * The model behind an artefact's bytes. Throws when they are not the ones that were named, or when
 * the stream's features are not the model's.
 */
export function servable(
  artefact: Uint8Array,
  { modelId, sha256 }: { readonly modelId: string; readonly sha256: string },
): ServingModel {
  const found = createHash('sha256').update(artefact).digest('hex');
  if (found === sha256) return loadModel(artefact, STREAM_FEATURES, loadOnnx);
  throw new Error(
    `the stored artefact of model "${modelId}" has sha256 ${found}, but ${sha256} was registered: ` +
      'it was changed behind the registry. Restore it from a backup, or train anew',
  );
}

/** The same; fetches the ONNX runtime where a model needs it and this machine has none. */
export async function servableHere(
  artefact: Uint8Array,
  named: { readonly modelId: string; readonly sha256: string },
): Promise<ServingModel> {
  try {
    return servable(artefact, named);
  } catch (error) {
    if (!(error instanceof OnnxRuntimeMissing)) throw error;
    try {
      await fetchOnnxRuntime(loadConfig(), () => undefined);
    } catch (cause) {
      throw new OnnxRuntimeMissing(`${named.modelId}: ${(cause as Error).message}`, { cause });
    }
    return servable(artefact, named);
  }
}

export class PostgresModels {
  private readonly pool: Pool;
  private readonly signal: AbortSignal;

  constructor(pool: Pool, signal: AbortSignal) {
    this.pool = pool;
    this.signal = signal;
  }

  /**
   * Throws only when aborted, or when the stored artefact is not the one that was named. A model of
   * other features is silent and an error is recorded: the record that takes it out lies in the
   * log, and a stream that ended here would never come to it. A model in ONNX waits for a runtime
   * that cannot be fetched, with an error too: what it would have predicted belongs into the log.
   */
  async load(modelId: string, sha256: string): Promise<ServingModel> {
    for (;;) {
      const artifact = await this.fetch(modelId).catch(() => null);
      const model = artifact && (await this.servedOrUnavailable(artifact, { modelId, sha256 }));
      if (model !== null) return model;
      await sleep(artifact === null ? RETRY_MS : RUNTIME_RETRY_MS, this.signal);
      this.signal.throwIfAborted();
    }
  }

  /** Null: the runtime that it needs is not to be had yet. */
  private async servedOrUnavailable(
    artefact: Buffer,
    named: { readonly modelId: string; readonly sha256: string },
  ): Promise<ServingModel | null> {
    const { modelId } = named;
    try {
      return await servableHere(artefact, named);
    } catch (error) {
      if (error instanceof OnnxRuntimeMissing) {
        await recordError(this.pool, {
          key: `stream:onnx_runtime:${modelId}`,
          severity: 'error',
          component: 'stream',
          code: 'onnx_runtime_missing',
          message: `waits to serve ${error.message}; npm has to reach its registry from here`,
          context: { model_id: modelId },
        }).catch(() => undefined);
        return null;
      }
      if (!(error instanceof FeaturesDifferError)) throw error;
      await recordError(this.pool, {
        key: `stream:features_differ:${modelId}`,
        severity: 'error',
        component: 'stream',
        code: 'features_differ',
        message:
          `${modelId} predicts nothing: ${error.message}, or: ` +
          `tickloom models retire ${modelId}`,
        context: { model_id: modelId },
      }).catch(() => undefined);
      return unavailableModel(artefact);
    }
  }

  private async fetch(modelId: string): Promise<Buffer | null> {
    const { rows } = await this.pool.query<{ artifact: Buffer }>(
      'SELECT artifact FROM models WHERE model_id = $1',
      [modelId],
    );
    return rows[0]?.artifact ?? null;
  }
}
