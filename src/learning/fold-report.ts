/**
 * How the models of one fold did on its test rows, against the champion and the base rate on the
 * very same rows; and how far the models have to be pulled back, learnt from walk-forward rows.
 */
import type { FoldReport } from './artefact.ts';
import type { GateInput } from './gate.ts';
import { parseLightgbmModel } from './lightgbm-model.ts';
import {
  auc,
  calibrationBins,
  directionMetrics,
  logLosses,
  returnMetrics,
  squaredErrors,
} from './metrics.ts';
import { calibratedProbability } from './serving-model.ts';
import type { Fold } from './split.ts';
import type { FoldModels, TrainingRow } from './train-fold.ts';

/** Row by row over the test rows of a fold; NaN where the champion predicted nothing. */
export interface FoldPrediction {
  readonly decidedTs: Float64Array;
  readonly up: Float64Array;
  readonly realised: Float64Array;
  /** Raw scores of both models; of the return model already in returns. */
  readonly directionScore: Float64Array;
  readonly returnScore: Float64Array;
  readonly championProbability: Float64Array;
  readonly championReturn: Float64Array;
  readonly baseRate: number;
  readonly baseLogOdds: number;
  readonly meanReturn: number;
}

/** What the scores are multiplied by before they are believed; from 0 (not at all) to 1. */
export interface Shrinkage {
  /** Platt's slope where his calibration was kept: above 0. */
  readonly direction: number;
  /** Added to the direction's log-odds: Platt's, else 0. */
  readonly shift: number;
  readonly return: number;
}

/** The models' scores on the rows of `test`. */
export function predictFold(
  rows: readonly TrainingRow[],
  test: Uint32Array,
  models: FoldModels,
): FoldPrediction {
  const direction = parseLightgbmModel(models.direction);
  const returns = parseLightgbmModel(models.return);
  const column = (value: (row: TrainingRow) => number): Float64Array =>
    Float64Array.from(test, (index) => value(rows[index]!));
  return {
    decidedTs: column((row) => row.decidedTs),
    up: column((row) => row.up),
    realised: column((row) => row.forwardReturn),
    directionScore: column((row) => direction.predictRaw(row.values)),
    returnScore: column((row) => models.returnUnit * returns.predictRaw(row.values)),
    championProbability: column((row) => row.championProbability ?? NaN),
    championReturn: column((row) => row.championReturn ?? NaN),
    baseRate: models.baseRate,
    baseLogOdds: models.baseLogOdds,
    meanReturn: models.meanReturn,
  };
}

/**
 * The shrinkage that would have served the folds best: by log loss of the direction, by squared
 * error of the return. Without folds nothing is known, and nothing is shrunk.
 */
export function fitShrinkage(folds: readonly FoldPrediction[]): Shrinkage {
  if (folds.length === 0) return { direction: 1, shift: 0, return: 1 };
  let product = 0;
  let square = 0;
  for (const { returnScore, realised } of folds) {
    for (const [i, score] of returnScore.entries()) {
      product += score * realised[i]!;
      square += score * score;
    }
  }
  const slope = square > 0 ? product / square : 0;
  return { direction: bestDirection(folds), shift: 0, return: Math.min(Math.max(slope, 0), 1) };
}

/** Bisection on the slope of the log loss, which is convex in the shrinkage. */
function bestDirection(folds: readonly FoldPrediction[]): number {
  if (lossSlope(folds, 0) >= 0) return 0;
  if (lossSlope(folds, 1) <= 0) return 1;
  let low = 0;
  let high = 1;
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (lossSlope(folds, middle) < 0) low = middle;
    else high = middle;
  }
  return low;
}

function lossSlope(folds: readonly FoldPrediction[], shrink: number): number {
  let slope = 0;
  for (const { directionScore, up, baseLogOdds } of folds) {
    for (const [i, score] of directionScore.entries()) {
      const error = calibratedProbability(score, baseLogOdds, shrink) - up[i]!;
      slope += error * (score - baseLogOdds);
    }
  }
  return slope;
}

/** The candidate's estimates as they would be served. */
export function estimates(
  fold: FoldPrediction,
  shrinkage: Shrinkage,
): Record<Target, Float64Array> {
  return {
    direction: fold.directionScore.map((score) =>
      calibratedProbability(score, fold.baseLogOdds, shrinkage.direction, shrinkage.shift),
    ),
    return: fold.returnScore.map((score) => score * shrinkage.return),
  };
}

export type Target = 'direction' | 'return';

interface Series {
  readonly decidedTs: Float64Array;
  readonly outcome: Float64Array;
  readonly candidate: Float64Array;
  readonly champion: Float64Array;
  readonly base: Float64Array;
}

/** Only the rows that the champion spoke on: all three are judged on the same. */
function toSeries(fold: FoldPrediction, shrinkage: Shrinkage, target: Target): Series {
  const isDirection = target === 'direction';
  const champion = isDirection ? fold.championProbability : fold.championReturn;
  const spoken = (values: Float64Array): Float64Array =>
    values.filter((_, i) => !Number.isNaN(champion[i]!));
  const decidedTs = spoken(fold.decidedTs);
  return {
    decidedTs,
    outcome: spoken(isDirection ? fold.up : fold.realised),
    candidate: spoken(estimates(fold, shrinkage)[target]),
    champion: spoken(champion),
    base: decidedTs.map(() => (isDirection ? fold.baseRate : fold.meanReturn)),
  };
}

/** All metrics of a fold's test rows. */
export function judgeFold(
  fold: Fold,
  prediction: FoldPrediction,
  shrinkage: Shrinkage,
): FoldReport {
  const judged = <M>(target: Target, metrics: (a: Float64Array, b: Float64Array) => M) => {
    const { outcome, candidate, champion, base } = toSeries(prediction, shrinkage, target);
    return {
      candidate: metrics(outcome, candidate),
      champion: metrics(outcome, champion),
      base_rate: metrics(outcome, base),
    };
  };
  const spoken = toSeries(prediction, shrinkage, 'direction');
  return {
    test_from_ts: fold.testFromTs,
    train_rows: fold.train.length,
    test_rows: fold.test.length,
    purged: fold.purged,
    embargoed: fold.embargoed,
    score_auc: auc(prediction.up, prediction.directionScore),
    direction: judged('direction', directionMetrics),
    return: judged('return', returnMetrics),
    calibration: calibrationBins(spoken.outcome, spoken.candidate),
  };
}

/** The rows of a prediction that `keep` takes, by their place. */
export function filtered(fold: FoldPrediction, keep: (place: number) => boolean): FoldPrediction {
  const kept = (values: Float64Array): Float64Array => values.filter((_, place) => keep(place));
  return {
    ...fold,
    decidedTs: kept(fold.decidedTs),
    up: kept(fold.up),
    realised: kept(fold.realised),
    directionScore: kept(fold.directionScore),
    returnScore: kept(fold.returnScore),
    championProbability: kept(fold.championProbability),
    championReturn: kept(fold.championReturn),
  };
}

/** What the gate needs to know of the holdout, by what the label spec is judged by. */
export function verdictInput(
  prediction: FoldPrediction,
  shrinkage: Shrinkage,
  target: Target,
): Pick<GateInput, 'decidedTs' | 'loss' | 'candidate' | 'references'> {
  const { decidedTs, outcome, candidate, champion, base } = toSeries(prediction, shrinkage, target);
  const rowLosses = target === 'direction' ? logLosses : squaredErrors;
  return {
    decidedTs,
    loss: target === 'direction' ? 'log_loss' : 'squared_error',
    candidate: rowLosses(outcome, candidate),
    references: [
      { name: 'champion', losses: rowLosses(outcome, champion) },
      { name: 'base_rate', losses: rowLosses(outcome, base) },
    ],
  };
}

/** The report of a model that was trained elsewhere: nothing of ours was held back to judge it. */
export function emptyReport(testFromTs: number, trainRows: number): FoldReport {
  const direction = directionMetrics([], []);
  const returns = returnMetrics([], []);
  return {
    test_from_ts: testFromTs,
    train_rows: trainRows,
    test_rows: 0,
    purged: 0,
    embargoed: 0,
    score_auc: null,
    direction: { candidate: direction, champion: direction, base_rate: direction },
    return: { candidate: returns, champion: returns, base_rate: returns },
  };
}
