/**
 * rows with outcomes -> a candidate: two models, how they did walking forward, how they did on a
 * holdout that they never saw, and the gate's verdict; all in one artefact.
 *
 * What passes may be fitted again on all rows, by the same procedure: the holdout says how good
 * that is, and is the newest that there is to learn from.
 *
 * Everything that is fitted (trees, hyper-parameters, winsorising, scale, shrinkage, calibration,
 * feature ranges, base rate) is fitted on rows whose labels end before the fold that it is judged
 * on. Given a deterministic trainer, the same request gives the same bytes.
 */
import { parseLabelSpec } from '../domain/label-spec.ts';
import {
  MODEL_FORMAT,
  encodeArtefact,
  type ModelArtefact,
  type ModelManifest,
  type FoldReport,
  type ServingParameters,
  type TrainedRows,
  type TrainingReport,
} from './artefact.ts';
import { featureBins } from './feature-bins.ts';
import { featureRanges } from './feature-ranges.ts';
import { judge, type GateSettings, type GateVerdict } from './gate.ts';
import { featureImportance, learningCurve } from './diagnostics.ts';
import { FLASH_CRASH_RULE, withoutFlashCrashes } from './flash-crash.ts';
import {
  filtered,
  judgeFold,
  predictFold,
  verdictInput,
  type FoldPrediction,
  type Shrinkage,
} from './fold-report.ts';
import { calibrated } from './platt.ts';
import { pooledRows, type PooledInstrument } from './pool.ts';
import { DEFAULT_HALF_LIFE_DAYS } from './recency.ts';
import { chooseParams, searchedWith, type ModelKind, type SearchCandidate } from './search.ts';
import { defaultSplit, splitRows, type Fold, type SplitSettings } from './split.ts';
import {
  trainFold,
  classPrior,
  type FoldModels,
  type Trainer,
  type TrainingRow,
  type TrainingSettings,
} from './train-fold.ts';

export type { Trainer, TrainingRow } from './train-fold.ts';

type Params = Readonly<Record<string, string | number | boolean>>;

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
  readonly params?: Params | undefined;
  readonly rounds?: number | undefined;
  /** What is searched among, simplest first; `params` go before theirs, but see `mergeParams`. */
  readonly searched?: readonly SearchCandidate[] | undefined;
  /** Searched too: the mean of so many models of their own seeds, where above 1. */
  readonly bags?: number | undefined;
  /** Searched too, where rf is among them: a random forest alone and beside boosted trees. */
  readonly kinds?: readonly ModelKind[] | undefined;
  /** Searched too, where there are any: training on these rows besides. */
  readonly pool?: readonly PooledInstrument[] | undefined;
  /** See `recencyWeights`; null: all rows count the same. */
  readonly halfLifeDays?: number | null | undefined;
  readonly split?: Partial<SplitSettings> | undefined;
  readonly gate?: Partial<GateSettings> | undefined;
  /** What serves is fitted on all rows, where the verdict is that it may. */
  readonly refit?: boolean | undefined;
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
  checkRequest(request);
  const { rows, seed } = request;
  const { target, horizonUs } = parseLabelSpec(request.labelSpec);
  const judgedBy = target === 'return' ? 'return' : 'direction';
  const settings = { ...defaultSplit(horizonUs), ...request.split };
  const { folds, final, flashCrash } = splitFolds(request, settings, horizonUs);
  const { rounds = DEFAULT_ROUNDS, halfLifeDays = DEFAULT_HALF_LIFE_DAYS } = request;
  const { bags = 1, pool = [], kinds = ['gbdt'] } = request;
  const among = request.searched ?? searchedWith({ bags, isPooled: pool.length > 0, kinds });
  const total = among.length * folds.length + 1;
  let done = 0;
  const trained = (fold: Fold, candidate: SearchCandidate): Trained => {
    request.onProgress?.(done++, total);
    const models = trainOn(request, fold, candidate, settingsFor(request, candidate));
    return { fold, models, prediction: predictFold(rows, fold.test, models) };
  };
  const searched = among.map((candidate) => ({
    candidate,
    folds: folds.map((fold) => trained(fold, candidate)),
  }));
  const { chosen, table } = chooseParams(searched, judgedBy, horizonUs);
  const last = trained(final, chosen.candidate);
  const chosenSettings = settingsFor(request, chosen.candidate);
  const predictions = chosen.folds.map(({ prediction }) => prediction);
  const earlier = earlierFolds(rows, chosen.folds, settings.embargoUs);
  const { shrinkage, report: calibration } = calibrated(predictions, earlier, horizonUs);
  const report = (of: Trained): FoldReport => judgeFold(of.fold, of.prediction, shrinkage);
  const verdict = judge({
    ...verdictInput(last.prediction, shrinkage, judgedBy),
    horizonUs,
    replayParity: request.replayParity,
    seed,
    settings: request.gate,
  });
  const isRefit = request.refit === true && verdict.passed;
  const served = isRefit ? refitted(request, chosen.candidate, chosenSettings) : last;
  const newest = chosen.folds.at(-1) ?? null;
  const fold = newest && { fold: newest.fold, direction: newest.models.direction };
  const isOwn = newest !== null && !chosen.candidate.pooled;
  const curve = isOwn ? learningCurve(rows, newest, request.featureNames, chosenSettings) : [];
  request.onProgress?.(total, total);
  const manifest: ModelManifest = {
    ...provenance(request, served.fold),
    ...(isRefit ? { judged: trainedRows(rows, final.train) } : {}),
    params: chosenSettings.params,
    rounds,
    serving: servingParameters(served.models, shrinkage),
    folds: chosen.folds.map(report),
    slice: report(last),
    gate: verdict,
    importance: featureImportance(served.models.direction, rows, fold, seed),
    training: {
      ...rowsReport(halfLifeDays, flashCrash),
      search: table,
      calibration,
      learning_curve: curve,
      ...kindReport(chosenSettings),
      ...poolReport(pool, chosen.candidate),
    },
  };
  const { direction, return: returns } = served.models;
  const artefact: ModelArtefact = { format: MODEL_FORMAT, manifest, direction, return: returns };
  return { bytes: encodeArtefact(artefact), manifest, verdict };
}

function settingsFor(
  request: CandidateRequest,
  { params, bags, beside }: SearchCandidate,
): TrainingSettings {
  const { trainer, seed, rounds = DEFAULT_ROUNDS } = request;
  const { halfLifeDays = DEFAULT_HALF_LIFE_DAYS } = request;
  return {
    trainer,
    rounds,
    seed,
    halfLifeDays,
    bags,
    params: mergeParams(params, request.params),
    beside: beside && mergeParams(beside, request.params),
  };
}

/** What became of the rows before any tree saw them. */
const rowsReport = (halfLifeDays: number | null, flashCrash: number) => ({
  half_life_days: halfLifeDays,
  excluded: { flash_crash: flashCrash },
  flash_crash_rule: FLASH_CRASH_RULE,
});

const servingParameters = (models: FoldModels, shrinkage: Shrinkage): ServingParameters => ({
  base_log_odds: models.baseLogOdds,
  direction_shrink: shrinkage.direction,
  direction_shift: shrinkage.shift,
  return_scale: models.returnUnit * shrinkage.return,
});

/** Pooled: trees from the rows of all; what usually happens stays the instrument's own. */
function trainOn(
  { rows, featureNames, labelSpec, split, pool = [] }: CandidateRequest,
  fold: Fold,
  { pooled }: SearchCandidate,
  settings: TrainingSettings,
): FoldModels {
  if (!pooled) return trainFold(rows, fold.train, featureNames, settings);
  const { horizonUs } = parseLabelSpec(labelSpec);
  const { embargoUs } = { ...defaultSplit(horizonUs), ...split };
  const all = pooledRows(rows, fold, pool, { embargoUs, horizonUs });
  const models = trainFold(all, Uint32Array.from(all.keys()), featureNames, settings);
  return { ...models, ...classPrior(rows, fold.train, settings.halfLifeDays) };
}

/** Fitted on all rows but flash crashes; what was found on the folds, such as shrinkage, stays. */
function refitted(
  request: CandidateRequest,
  candidate: SearchCandidate,
  settings: TrainingSettings,
): { readonly fold: Fold; readonly models: FoldModels } {
  const { rows, labelSpec } = request;
  const all = Uint32Array.from(rows.keys());
  const train = withoutFlashCrashes(rows, all, parseLabelSpec(labelSpec).horizonUs);
  const none = { test: new Uint32Array(), testFromTs: Infinity, purged: 0, embargoed: 0 };
  const fold: Fold = { train, ...none };
  return { fold, models: trainOn(request, fold, candidate, settings) };
}

/**
 * The parameters that a candidate of `own` is trained by. Those of the request go before the
 * candidate's, and these before the defaults. But a candidate that names its kind of model keeps
 * all its own: what is requested for boosted trees would make its forest
 * another (of as few leaves) or none (of all rows, which LightGBM refuses).
 */
const mergeParams = (own: Params, requested: Params = {}): Params =>
  own['boosting'] === undefined
    ? { ...DEFAULT_PARAMS, ...own, ...requested }
    : { ...DEFAULT_PARAMS, ...requested, ...own };

/** Nothing of boosted trees alone: their artefact stays the same, byte for byte. */
function kindReport({
  params,
  beside,
}: TrainingSettings): Pick<TrainingReport, 'kinds' | 'beside'> {
  const boostingKind = ({ boosting = 'gbdt' }: Params): string => String(boosting);
  if (beside !== undefined) return { kinds: [boostingKind(params), boostingKind(beside)], beside };
  return boostingKind(params) === 'gbdt' ? {} : { kinds: [boostingKind(params)] };
}

/** Nothing of a training that knew of neither: its artefact stays the same, byte for byte. */
function poolReport(
  pool: readonly PooledInstrument[],
  { bags = 1, pooled = false }: SearchCandidate,
): Pick<TrainingReport, 'bags' | 'pool' | 'pooled'> {
  const members = pool.map(({ instrument, rows }) => ({ instrument, rows: rows.length }));
  return { ...(bags > 1 ? { bags } : {}), ...(pool.length > 0 ? { pool: members, pooled } : {}) };
}

interface Trained {
  readonly fold: Fold;
  readonly models: FoldModels;
  readonly prediction: FoldPrediction;
}

/** The folds that have rows enough, and the holdout; flash crashes are out of all training. */
function splitFolds(
  { rows }: CandidateRequest,
  settings: SplitSettings,
  horizonUs: number,
): { readonly folds: readonly Fold[]; readonly final: Fold; readonly flashCrash: number } {
  const split = splitRows(rows, settings);
  const cleaned = (fold: Fold): Fold => ({
    ...fold,
    train: withoutFlashCrashes(rows, fold.train, horizonUs),
  });
  const final = cleaned(split.final);
  if (final.train.length < MIN_TRAINING_ROWS || final.test.length === 0) {
    throw new Error(
      `${rows.length} rows leave ${final.train.length} to train on behind purge and embargo; ` +
        `at least ${MIN_TRAINING_ROWS} are needed`,
    );
  }
  const flashCrash = split.final.train.length - final.train.length;
  return { folds: split.folds.map(cleaned).filter(isUsable), final, flashCrash };
}

/** What the folds before the last predicted for rows whose labels end an embargo before it. */
function earlierFolds(
  rows: readonly TrainingRow[],
  folds: readonly Trained[],
  embargoUs: number,
): FoldPrediction[] {
  const until = (folds.at(-1)?.fold.testFromTs ?? 0) - embargoUs;
  return folds
    .slice(0, -1)
    .map(({ fold, prediction }) =>
      filtered(prediction, (place) => rows[fold.test[place]!]!.labelEndTs < until),
    );
}

const isUsable = (fold: Fold): boolean =>
  fold.train.length >= MIN_TRAINING_ROWS && fold.test.length > 0;

const trainedRows = (rows: readonly TrainingRow[], indices: Uint32Array): TrainedRows => ({
  from_ts: rows[indices[0]!]!.decidedTs,
  to_ts: rows[indices.at(-1)!]!.decidedTs,
  rows: indices.length,
});

function provenance(
  request: CandidateRequest,
  final: Fold,
): Pick<
  ModelManifest,
  | 'feature_set'
  | 'features'
  | 'feature_bins'
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
    features: featureRanges(rows, final.train, request.featureNames),
    feature_bins: featureBins(rows, final.train, request.featureNames),
    label_spec: request.labelSpec,
    dataset_id: request.datasetId ?? null,
    seed: request.seed,
    library: `lightgbm ${request.trainer.version}`,
    window: { from_ts: decided(0), to_ts: decided(rows.length - 1) },
    trained: trainedRows(rows, final.train),
    expires_ts: request.expiresTs,
  };
}

/** LightGBM keeps names in a line of words and refuses JSON's marks. */
const FEATURE_NAME = /^[A-Za-z0-9_.-]+$/;

function checkRequest({ rows, featureNames, pool = [] }: CandidateRequest): void {
  const odd = featureNames.find((name) => !FEATURE_NAME.test(name));
  if (odd !== undefined) throw new RangeError(`"${odd}" cannot be a feature's name in a model`);
  checkRows(rows, featureNames.length);
  for (const { instrument, rows: theirs } of pool) {
    checkRows(theirs, featureNames.length, ` of ${instrument}`);
  }
}

function checkRows(rows: readonly TrainingRow[], columns: number, whose = ''): void {
  for (const [i, { values, forwardReturn }] of rows.entries()) {
    const row = `row ${i}${whose}`;
    if (values.length !== columns) {
      throw new RangeError(`${row} has ${values.length} values for ${columns} features`);
    }
    if (!Number.isFinite(forwardReturn)) throw new RangeError(`${row} has no return`);
  }
}
