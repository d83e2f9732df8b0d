/**
 * A trained model as one file: two LightGBM texts and the manifest that says what they were made
 * from, how they are served and how they were judged. Canonical JSON: the same training gives the
 * same bytes, whose sha256 is the model's identity in the registry and in control records.
 */
import { canonicalJson } from '../domain/control.ts';
import type { GateVerdict } from './gate.ts';
import type { DirectionMetrics, ReturnMetrics } from './metrics.ts';

export const MODEL_FORMAT = 'tickloom-model@1';

/** What training saw of a feature: outside of it the model has no experience. */
export interface FeatureRange {
  readonly name: string;
  /** The bounds beyond which a value counts as unseen; null: not checked. */
  readonly low: number | null;
  readonly high: number | null;
  /** Share of the training rows without a value. */
  readonly null_share: number;
}

/** The same rows by every predictor; null where no row has the champion's prediction. */
export interface Judged<Metrics> {
  readonly candidate: Metrics;
  readonly champion: Metrics;
  readonly base_rate: Metrics;
}

export interface PartReport {
  readonly test_from_ts: number;
  readonly train_rows: number;
  readonly test_rows: number;
  readonly purged: number;
  readonly embargoed: number;
  /** AUC of the direction score before it is shrunk: what the trees found, believed or not. */
  readonly score_auc: number | null;
  readonly direction: Judged<DirectionMetrics>;
  readonly return: Judged<ReturnMetrics>;
}

/** How scores become estimates: see `servingModel`. */
export interface ServingParameters {
  readonly base_log_odds: number;
  readonly direction_shrink: number;
  readonly return_scale: number;
}

export interface ModelManifest {
  readonly feature_set: string;
  readonly features: readonly FeatureRange[];
  readonly label_spec: string;
  readonly dataset_id: string | null;
  readonly seed: number;
  readonly rounds: number;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly library: string;
  /** First and last decision of all rows, and of those that the artefact was trained on. */
  readonly window: { readonly from_ts: number; readonly to_ts: number };
  readonly trained: { readonly from_ts: number; readonly to_ts: number; readonly rows: number };
  readonly expires_ts: number | null;
  readonly serving: ServingParameters;
  readonly folds: readonly PartReport[];
  readonly slice: PartReport;
  readonly gate: GateVerdict;
  /** Share of the direction model's split gain, largest first; features without are left out. */
  readonly importance: readonly { readonly feature: string; readonly gain_share: number }[];
}

export interface ModelArtefact {
  readonly format: typeof MODEL_FORMAT;
  readonly manifest: ModelManifest;
  readonly direction: string;
  /** Null: the return is estimated from the direction, see `servingModel`. */
  readonly return: string | null;
}

/** The artefact's bytes: UTF-8 of canonical JSON. */
export const encodeArtefact = (artefact: ModelArtefact): Uint8Array =>
  new TextEncoder().encode(canonicalJson(artefact));

/** The artefact behind bytes of `encodeArtefact`. Throws an error that says what is wrong. */
export function decodeArtefact(bytes: Uint8Array): ModelArtefact {
  const parsed = parse(bytes);
  const { format, manifest, direction, return: returns } = parsed;
  if (format !== MODEL_FORMAT) {
    throw new Error(`a model file of format "${String(format)}", expected ${MODEL_FORMAT}`);
  }
  const isWhole =
    typeof manifest === 'object' &&
    typeof direction === 'string' &&
    (typeof returns === 'string' || returns === null);
  if (!isWhole) throw new Error('a model file needs a manifest, a direction and a return model');
  return parsed as unknown as ModelArtefact;
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes));
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch (error) {
    throw new Error(`a model file of ${bytes.length} bytes is no JSON`, { cause: error });
  }
  throw new Error('a model file holds no object');
}
