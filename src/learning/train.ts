/**
 * rows with outcomes -> a candidate: two models, how they did walking forward, how they did on a
 * last slice that they never saw, and the gate's verdict; all in one artefact.
 *
 * Everything that is fitted (trees, winsorising, scale, shrinkage, feature ranges, base rate) is
 * fitted on rows whose labels end before the part that it is judged on. Given a deterministic
 * trainer, the same request gives the same bytes.
 */
import { parseLabelSpec } from '../domain/label-spec.ts';
import {
  MODEL_FORMAT,
  encodeArtefact,
  type ModelArtefact,
  type ModelManifest,
  type PartReport,
} from './artefact.ts';
import { featureBins } from './feature-bins.ts';
import { featureRanges } from './feature-ranges.ts';
import { judge, type GateSettings, type GateVerdict } from './gate.ts';
import { parseLightgbmModel } from './lightgbm-model.ts';
import {
  fitShrinkage,
  judgePart,
  predictPart,
  verdictInput,
  type PartPrediction,
} from './part-report.ts';
import { defaultSplit, splitRows, type Part, type SplitSettings } from './split.ts';
import { trainPart, type Trainer, type TrainingRow } from './train-part.ts';

export type { Trainer, TrainingRow } from './train-part.ts';

export interface CandidateRequest {
  /** Matured outcomes of one instrument in order of `decidedTs`. */
  readonly rows: readonly TrainingRow[];
  readonly featureNames: readonly string[];
  readonly featureSet: string;
  readonly labelSpec: string;
  readonly datasetId?: string | null | undefined;
  readonly trainer: Trainer;
  readonly seed: number;
  /** Event time after which the model is not to be trusted; null: none. */
  readonly expiresTs: number | null;
  readonly replayParity: boolean;
  readonly params?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly rounds?: number | undefined;
  readonly split?: Partial<SplitSettings> | undefined;
  readonly gate?: Partial<GateSettings> | undefined;
  /** `done` of `total` models are trained. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface Candidate {
  /** The artefact's file; its sha256 identifies the model. */
  readonly bytes: Uint8Array;
  readonly manifest: ModelManifest;
  readonly verdict: GateVerdict;
}

/**
 * Conservative, because outcomes overlap and markets are mostly noise: few and small trees, a leaf
 * of ten horizons of minute decisions, half of the rows and features for each.
 */
export const DEFAULT_PARAMS = {
  num_leaves: 8,
  learning_rate: 0.03,
  min_data_in_leaf: 600,
  feature_fraction: 0.5,
  bagging_fraction: 0.5,
  bagging_freq: 1,
  lambda_l2: 10,
  max_bin: 127,
} as const;
export const DEFAULT_ROUNDS = 80;

/** Fewer rows than these do not fill two leaves of half of the rows. */
const MIN_TRAINING_ROWS = 2400;

/**
 * Trains and judges. Throws an error that says how many rows there are and are needed when the rows
 * do not suffice; a refused candidate is no error but a verdict.
 */
export function trainCandidate(request: CandidateRequest): Candidate {
  const { rows, labelSpec, trainer, seed } = request;
  checkRequest(request);
  const { target, horizonUs } = parseLabelSpec(labelSpec);
  const split = splitRows(rows, { ...defaultSplit(horizonUs), ...request.split });
  const { final } = split;
  if (final.train.length < MIN_TRAINING_ROWS || final.test.length === 0) {
    throw new Error(
      `${rows.length} rows leave ${final.train.length} to train on behind purge and embargo; ` +
        `at least ${MIN_TRAINING_ROWS} are needed`,
    );
  }
  const params = { ...DEFAULT_PARAMS, ...request.params };
  const rounds = request.rounds ?? DEFAULT_ROUNDS;
  const parts = [...split.folds.filter(isUsable), final];
  const trained = parts.map((part, done) => {
    request.onProgress?.(done, parts.length);
    const models = trainPart(rows, part.train, request.featureNames, {
      trainer,
      params,
      rounds,
      seed,
    });
    return { part, models, prediction: predictPart(rows, part.test, models) };
  });
  request.onProgress?.(parts.length, parts.length);
  const last = trained.at(-1)!;
  const shrinkage = fitShrinkage(trained.slice(0, -1).map(({ prediction }) => prediction));
  const report = ({ part, prediction }: { part: Part; prediction: PartPrediction }): PartReport =>
    judgePart(part, prediction, shrinkage);
  const verdict = judge({
    ...verdictInput(last.prediction, shrinkage, target === 'return' ? 'return' : 'direction'),
    horizonUs,
    replayParity: request.replayParity,
    seed,
    settings: request.gate,
  });
  const manifest: ModelManifest = {
    ...provenance(request, final),
    params,
    rounds,
    features: featureRanges(rows, final.train, request.featureNames),
    ...{ feature_bins: featureBins(rows, final.train, request.featureNames) },
    serving: {
      base_log_odds: last.models.baseLogOdds,
      direction_shrink: shrinkage.direction,
      return_scale: last.models.returnUnit * shrinkage.return,
    },
    folds: trained.slice(0, -1).map(report),
    slice: report(last),
    gate: verdict,
    importance: importanceOf(last.models.direction),
  };
  const artefact: ModelArtefact = {
    format: MODEL_FORMAT,
    manifest,
    direction: last.models.direction,
    return: last.models.return,
  };
  return { bytes: encodeArtefact(artefact), manifest, verdict };
}

const isUsable = (part: Part): boolean =>
  part.train.length >= MIN_TRAINING_ROWS && part.test.length > 0;

function provenance(
  request: CandidateRequest,
  final: Part,
): Pick<
  ModelManifest,
  | 'feature_set'
  | 'label_spec'
  | 'dataset_id'
  | 'seed'
  | 'library'
  | 'window'
  | 'trained'
  | 'expires_ts'
> {
  const { rows } = request;
  const decided = (index: number | undefined): number => rows[index!]!.decidedTs;
  return {
    feature_set: request.featureSet,
    label_spec: request.labelSpec,
    dataset_id: request.datasetId ?? null,
    seed: request.seed,
    library: `lightgbm ${request.trainer.version}`,
    window: { from_ts: decided(0), to_ts: decided(rows.length - 1) },
    trained: {
      from_ts: decided(final.train[0]),
      to_ts: decided(final.train.at(-1)),
      rows: final.train.length,
    },
    expires_ts: request.expiresTs,
  };
}

function importanceOf(text: string): { feature: string; gain_share: number }[] {
  const { featureNames, gains } = parseLightgbmModel(text);
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return featureNames
    .map((feature, i) => ({ feature, gain_share: total > 0 ? gains[i]! / total : 0 }))
    .filter(({ gain_share }) => gain_share > 0)
    .sort((a, b) => b.gain_share - a.gain_share || (a.feature < b.feature ? -1 : 1));
}

/** LightGBM keeps names in a line of words and refuses JSON's marks. */
const FEATURE_NAME = /^[A-Za-z0-9_.-]+$/;

function checkRequest({ rows, featureNames }: CandidateRequest): void {
  const odd = featureNames.find((name) => !FEATURE_NAME.test(name));
  if (odd !== undefined) throw new RangeError(`"${odd}" cannot be a feature's name in a model`);
  for (const [i, row] of rows.entries()) {
    if (row.values.length !== featureNames.length) {
      throw new RangeError(
        `row ${i} has ${row.values.length} values for ${featureNames.length} features`,
      );
    }
    if (!Number.isFinite(row.forwardReturn)) throw new RangeError(`row ${i} has no return`);
  }
}
