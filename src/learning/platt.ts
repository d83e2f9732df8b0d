/**
 * Platt's calibration: a slope and a shift of the score in log-odds, so that outcomes come as often
 * as predicted. Fitted on earlier walk-forward folds, whose labels end an embargo before the last
 * fold, and kept only if it beats the plain pulling back (fitted on the same rows) on that last
 * fold: by the gate's margin, and by two standard errors of its blocks.
 */
import type { CalibrationReport } from './artefact.ts';
import { blockMean, DEFAULT_GATE } from './gate.ts';
import { logLosses, mean } from './metrics.ts';
import { fitShrinkage, type FoldPrediction, type Shrinkage } from './fold-report.ts';
import { calibratedProbability } from './serving-model.ts';

/** One fold's rows: what was predicted, what happened. */
type Fold = Pick<FoldPrediction, 'directionScore' | 'up' | 'baseLogOdds'>;

/**
 * Newton's method on the log loss with Platt's targets, which are drawn in by one row of either
 * outcome. Null where it does not come to rest, or where the score speaks against what happens.
 */
export function fitPlatt(folds: readonly Fold[]): { slope: number; shift: number } | null {
  const scores = folds.flatMap(({ directionScore, baseLogOdds }) =>
    Array.from(directionScore, (score) => score - baseLogOdds),
  );
  const offsets = folds.flatMap(({ up, baseLogOdds }) => Array.from(up, () => baseLogOdds));
  const ups = folds.flatMap(({ up }) => Array.from(up));
  const upCount = ups.reduce((sum, up) => sum + up, 0);
  const downCount = ups.length - upCount;
  if (upCount === 0 || downCount === 0) return null;
  const targets = ups.map((up) => (up === 1 ? (upCount + 1) / (upCount + 2) : 1 / (downCount + 2)));
  let slope = 1;
  let shift = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const change = newtonStep(scores, offsets, targets, slope, shift);
    slope += change.slope;
    shift += change.shift;
    if (!Number.isFinite(slope + shift)) return null;
    if (Math.abs(change.slope) + Math.abs(change.shift) < AT_REST) {
      return slope > 0 ? { slope, shift } : null;
    }
  }
  return null;
}

const MOST_STEPS = 50;
const AT_REST = 1e-10;

function newtonStep(
  scores: readonly number[],
  offsets: readonly number[],
  targets: readonly number[],
  slope: number,
  shift: number,
): { slope: number; shift: number } {
  let [gradientSlope, gradientShift, both] = [0, 0, 0];
  // A little of a ridge: scores that do not vary leave the slope where it is.
  let [curveSlope, curveShift] = [RIDGE, RIDGE];
  for (const [i, score] of scores.entries()) {
    const p = 1 / (1 + Math.exp(-(offsets[i]! + shift + slope * score)));
    const error = p - targets[i]!;
    const weight = p * (1 - p);
    gradientSlope += error * score;
    gradientShift += error;
    curveSlope += weight * score * score;
    curveShift += weight;
    both += weight * score;
  }
  const determinant = curveSlope * curveShift - both * both;
  return {
    slope: -(curveShift * gradientSlope - both * gradientShift) / determinant,
    shift: -(curveSlope * gradientShift - both * gradientSlope) / determinant,
  };
}

const RIDGE = 1e-9;

const ERRORS_TO_WIN = 2;

/**
 * What the scores of the final model are served with, and how that was decided. `earlier` are the
 * folds in front of the last, without the rows whose labels reach the embargo in front of it.
 */
export function calibrated(
  folds: readonly FoldPrediction[],
  earlier: readonly FoldPrediction[],
  horizonUs: number,
): { readonly shrinkage: Shrinkage; readonly report: CalibrationReport } {
  const plain = fitShrinkage(folds);
  const last = folds.at(-1);
  const fitted_rows = earlier.reduce((sum, { up }) => sum + up.length, 0);
  const platt = last === undefined || fitted_rows === 0 ? null : fitPlatt(earlier);
  if (last === undefined || platt === null) {
    const none = { slope: null, shift: null, log_loss: null, plain_log_loss: null };
    return { shrinkage: plain, report: { kept: false, fitted_rows, judged_rows: 0, ...none } };
  }
  const lossesAt = (slope: number, shift: number): Float64Array => {
    const predicted = last.directionScore.map((score) =>
      calibratedProbability(score, last.baseLogOdds, slope, shift),
    );
    return logLosses(last.up, predicted);
  };
  const losses = lossesAt(platt.slope, platt.shift);
  const plainLosses = lossesAt(fitShrinkage(earlier).direction, 0);
  const [log_loss, plain_log_loss] = [mean(losses) ?? 0, mean(plainLosses) ?? 0];
  const gains = plainLosses.map((loss, i) => loss - losses[i]!);
  const { mean: gain, error } = blockMean(last.decidedTs, gains, horizonUs);
  const isBeyondChance = error !== null && gain > ERRORS_TO_WIN * error;
  const kept = isBeyondChance && gain >= DEFAULT_GATE.marginShare * plain_log_loss;
  const judged_rows = last.up.length;
  return {
    shrinkage: kept ? { ...plain, direction: platt.slope, shift: platt.shift } : plain,
    report: { kept, fitted_rows, judged_rows, ...platt, log_loss, plain_log_loss },
  };
}
