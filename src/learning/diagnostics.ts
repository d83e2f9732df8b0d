/**
 * What a reader of a model wants to know and nothing is decided by: which features its trees lean
 * on, and whether more rows would help. All of it from the last walk-forward fold; the holdout
 * stays unseen.
 */
import { randomIndex, seededRandom } from '../random.ts';
import type { FeatureImportance, LearningPoint } from './artefact.ts';
import { parseLightgbmModel } from './lightgbm-model.ts';
import { auc, logLosses, mean } from './metrics.ts';
import { predictFold } from './fold-report.ts';
import { calibratedProbability } from './serving-model.ts';
import type { Fold } from './split.ts';
import { trainFold, type TrainingRow, type TrainingSettings } from './train-fold.ts';

/** More test rows than these say little more, and each costs a prediction a feature. */
const PERMUTED_ROWS = 2000;

/**
 * By the split gain of the model at hand; and by how much AUC the last fold's model (`fold`, null:
 * there is none) loses on its test rows when the values of that feature are shuffled among them.
 */
export function featureImportance(
  text: string,
  rows: readonly TrainingRow[],
  fold: { readonly fold: Fold; readonly direction: string } | null,
  seed: number,
): FeatureImportance[] {
  const { featureNames, gains } = parseLightgbmModel(text);
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  const losses = fold === null ? null : aucLosses(rows, fold.fold, fold.direction, seed);
  return featureNames
    .map((feature, i) => ({
      feature,
      gain_share: total > 0 ? gains[i]! / total : 0,
      permutation_auc_loss: losses?.[i] ?? null,
    }))
    .filter(({ gain_share }) => gain_share > 0)
    .sort((a, b) => b.gain_share - a.gain_share || (a.feature < b.feature ? -1 : 1));
}

/** By feature; 0 of one that the model does not ask. Null where one outcome alone occurred. */
function aucLosses(
  rows: readonly TrainingRow[],
  { test }: Fold,
  text: string,
  seed: number,
): readonly (number | null)[] {
  const model = parseLightgbmModel(text);
  const every = Math.max(1, Math.ceil(test.length / PERMUTED_ROWS));
  const sample = Array.from(
    test.filter((_, place) => place % every === 0),
    (at) => rows[at]!,
  );
  const up = sample.map((row) => row.up);
  const whole = auc(
    up,
    sample.map((row) => model.predictRaw(row.values)),
  );
  const random = seededRandom(seed);
  return Array.from(model.gains, (gain, feature) => {
    const from = shuffledPlaces(sample.length, random);
    if (whole === null || !(gain > 0)) return whole === null ? null : 0;
    const scores = sample.map(({ values }, i) =>
      model.predictRaw(values.with(feature, sample[from[i]!]!.values[feature] ?? null)),
    );
    return whole - (auc(up, scores) ?? whole);
  });
}

/** Fisher and Yates. */
function shuffledPlaces(count: number, random: () => number): number[] {
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = randomIndex(random, i + 1);
    [places[i], places[other]] = [places[other]!, places[i]!];
  }
  return places;
}

export const CURVE_SHARES: readonly number[] = [0.25, 0.5];

/**
 * How the last fold's test rows are predicted after training on the newest shares of its training
 * rows; `whole` is the one that was trained on all. Scores count as they are, not pulled back.
 */
export function learningCurve(
  rows: readonly TrainingRow[],
  whole: { readonly fold: Fold; readonly prediction: ReturnType<typeof predictFold> },
  featureNames: readonly string[],
  settings: TrainingSettings,
): LearningPoint[] {
  const { train, test } = whole.fold;
  const points = CURVE_SHARES.map((share) => {
    const newest = train.slice(train.length - Math.floor(share * train.length));
    const models = trainFold(rows, newest, featureNames, settings);
    return learningPoint(share, newest.length, predictFold(rows, test, models));
  });
  return [...points, learningPoint(1, train.length, whole.prediction)];
}

function learningPoint(
  share: number,
  train_rows: number,
  { up, directionScore, baseLogOdds }: ReturnType<typeof predictFold>,
): LearningPoint {
  const predicted = directionScore.map((score) => calibratedProbability(score, baseLogOdds, 1));
  return {
    share,
    train_rows,
    score_auc: auc(up, directionScore),
    log_loss: mean(logLosses(up, predicted)),
  };
}
