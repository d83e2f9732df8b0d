/**
 * A trained model as one file: two LightGBM texts, or a model in ONNX that was imported from
 * elsewhere, and the manifest that says what they were made from, how they are served and how they
 * were judged. Canonical JSON: the same training gives the same bytes, whose sha256 is the model's
 * identity in the registry and in control records.
 */
import { canonicalJson } from '../domain/control.ts';
import type { FeatureBins } from './feature-bins.ts';
import type { GateVerdict } from './gate.ts';
import type { CalibrationBin, DirectionMetrics, ReturnMetrics } from './metrics.ts';

export const MODEL_FORMAT = 'tickloom-model@1';
/** A model in ONNX in place of LightGBM's text. */
export const ONNX_FORMAT = 'tickloom-model@2';

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

export interface FoldReport {
  readonly test_from_ts: number;
  readonly train_rows: number;
  readonly test_rows: number;
  readonly purged: number;
  readonly embargoed: number;
  /** AUC of the direction score before it is shrunk: what the trees found, believed or not. */
  readonly score_auc: number | null;
  readonly direction: Judged<DirectionMetrics>;
  readonly return: Judged<ReturnMetrics>;
  /** The candidate's direction estimates as served, by bin: predicted against happened. */
  readonly calibration?: readonly CalibrationBin[];
}

/** How scores become estimates: see `servingModel`. */
export interface ServingParameters {
  readonly base_log_odds: number;
  readonly direction_shrink: number;
  readonly return_scale: number;
  /** Platt's shift in log-odds; none in artefacts from before it, and 0 where it was not kept. */
  readonly direction_shift?: number;
}

/** Platt's calibration against plain pulling back, on walk-forward rows behind its fit. */
export interface CalibrationReport {
  readonly kept: boolean;
  readonly fitted_rows: number;
  readonly judged_rows: number;
  readonly slope: number | null;
  readonly shift: number | null;
  readonly log_loss: number | null;
  readonly plain_log_loss: number | null;
}

/** One candidate of the search over hyper-parameters, simplest first. */
export interface SearchRow {
  readonly name: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** Of a second kind of model, whose mean with the first was tried. */
  readonly beside?: Readonly<Record<string, string | number | boolean>>;
  /** Mean loss over the folds' test rows, and how far behind the best, with its standard error. */
  readonly mean_loss: number;
  readonly behind_best: number;
  readonly standard_error: number | null;
  readonly chosen: boolean;
}

/** The last fold's test rows by a model of the newest share of its training rows. */
export interface LearningPoint {
  readonly share: number;
  readonly train_rows: number;
  readonly score_auc: number | null;
  readonly log_loss: number | null;
}

/** How the training came to be what it is; all of it from rows in front of the holdout. */
export interface TrainingReport {
  readonly half_life_days: number | null;
  readonly excluded: { readonly flash_crash: number };
  /** Seeds whose models' mean it is; none in artefacts from before it: one. */
  readonly bags?: number;
  /** In LightGBM's own words, such as gbdt and rf; none in artefacts from before it: gbdt alone. */
  readonly kinds?: readonly string[];
  /** All parameters of the second kind where there are two; those of the first are `params`. */
  readonly beside?: Readonly<Record<string, string | number | boolean>>;
  /** Whose rows the search could take besides its own, and whether it did. */
  readonly pool?: readonly { readonly instrument: string; readonly rows: number }[];
  readonly pooled?: boolean;
  readonly flash_crash_rule: string;
  /** Empty where no fold had rows enough: the first candidate is then taken. */
  readonly search: readonly SearchRow[];
  readonly calibration: CalibrationReport;
  readonly learning_curve: readonly LearningPoint[];
}

/** Largest gain first; features without gain are left out. */
export interface FeatureImportance {
  readonly feature: string;
  /** Share of the direction model's split gain. */
  readonly gain_share: number;
  /** AUC that the last fold's model loses on its test rows when they are shuffled in it. */
  readonly permutation_auc_loss?: number | null;
}

/** First and last decision, and how many. */
export interface TrainedRows {
  readonly from_ts: number;
  readonly to_ts: number;
  readonly rows: number;
}

export interface ModelManifest {
  readonly feature_set: string;
  readonly features: readonly FeatureRange[];
  /** None in artefacts from before it. */
  readonly feature_bins?: readonly FeatureBins[];
  readonly label_spec: string;
  readonly dataset_id: string | null;
  readonly seed: number;
  readonly rounds: number;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly library: string;
  /** First and last decision of all rows, and of those that the artefact was trained on. */
  readonly window: { readonly from_ts: number; readonly to_ts: number };
  readonly trained: TrainedRows;
  /**
   * Where the artefact was fitted again on all rows: those of the artefact that `slice` and the
   * gate judged, by the same procedure. Absent: what was judged is what serves.
   */
  readonly judged?: TrainedRows;
  readonly expires_ts: number | null;
  readonly serving: ServingParameters;
  readonly folds: readonly FoldReport[];
  readonly slice: FoldReport;
  readonly gate: GateVerdict;
  /** None in artefacts from before it, and in models that were imported. */
  readonly training?: TrainingReport;
  readonly importance: readonly FeatureImportance[];
}

export interface ModelArtefact {
  readonly format: typeof MODEL_FORMAT | typeof ONNX_FORMAT;
  readonly manifest: ModelManifest;
  /** LightGBM's text; of the second format the model in ONNX, as base64. */
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
  if (format !== MODEL_FORMAT && format !== ONNX_FORMAT) {
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
