/**
 * How good predictions were, from what was predicted and what happened: pure sums over rows of
 * equal length. A metric that the rows do not determine (no rows, one class only) is null, never a
 * number that looks like one. Definitions are scikit-learn's and SciPy's, which are the oracle.
 */
import { assert } from '../assert.ts';

export type Numbers = ArrayLike<number>;

export interface CalibrationBin {
  readonly count: number;
  readonly mean_predicted: number;
  readonly share_up: number;
}

export interface DirectionMetrics {
  readonly rows: number;
  readonly base_rate: number | null;
  readonly auc: number | null;
  readonly log_loss: number | null;
  readonly brier: number | null;
  readonly hit_rate: number | null;
  readonly calibration_error: number | null;
}

export interface ReturnMetrics {
  readonly rows: number;
  readonly squared_error: number | null;
  readonly rank_correlation: number | null;
}

/** All direction metrics of probabilities against outcomes (0 or 1). */
export function directionMetrics(up: Numbers, probability: Numbers): DirectionMetrics {
  return {
    rows: up.length,
    base_rate: mean(up),
    auc: auc(up, probability),
    log_loss: mean(logLosses(up, probability)),
    brier: mean(squaredErrors(up, probability)),
    hit_rate: hitRate(up, probability),
    calibration_error: calibrationError(calibrationBins(up, probability)),
  };
}

/** All metrics of expected against realised returns. */
export function returnMetrics(realised: Numbers, expected: Numbers): ReturnMetrics {
  return {
    rows: realised.length,
    squared_error: mean(squaredErrors(realised, expected)),
    rank_correlation: rankCorrelation(realised, expected),
  };
}

/** Arithmetic mean, or null of nothing. */
export function mean(values: Numbers): number | null {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length === 0 ? null : sum / values.length;
}

/** A probability nearer to 0 or 1 than this counts as this, so that one row cannot be infinite. */
const PROBABILITY_FLOOR = 2 ** -52;

/** Minus the log of the probability given to what happened, in nats, row by row. */
export function logLosses(up: Numbers, probability: Numbers): Float64Array {
  return mapPairs(up, probability, (outcome, p) => {
    const clipped = Math.min(Math.max(p, PROBABILITY_FLOOR), 1 - PROBABILITY_FLOOR);
    return -Math.log(outcome === 1 ? clipped : 1 - clipped);
  });
}

/** The squared difference row by row; of probabilities its mean is the Brier score. */
export function squaredErrors(realised: Numbers, expected: Numbers): Float64Array {
  return mapPairs(realised, expected, (outcome, estimate) => (outcome - estimate) ** 2);
}

/** Share of right calls among rows with a call; exactly 0.5 is none. */
export function hitRate(up: Numbers, probability: Numbers): number | null {
  assertSameLength(up, probability);
  let calls = 0;
  let hits = 0;
  for (let i = 0; i < up.length; i++) {
    const p = probability[i]!;
    if (p === 0.5) continue;
    calls += 1;
    if (p > 0.5 === (up[i] === 1)) hits += 1;
  }
  return calls === 0 ? null : hits / calls;
}

/**
 * Area under the ROC curve by the ranks of the ups (Mann and Whitney), ties shared; null unless
 * both outcomes occur.
 */
export function auc(up: Numbers, score: Numbers): number | null {
  assertSameLength(up, score);
  const ranks = averageRanks(score);
  let ups = 0;
  let rankSum = 0;
  for (let i = 0; i < up.length; i++) {
    if (up[i] !== 1) continue;
    ups += 1;
    rankSum += ranks[i]!;
  }
  const downs = up.length - ups;
  if (ups === 0 || downs === 0) return null;
  return (rankSum - (ups * (ups + 1)) / 2) / (ups * downs);
}

/** Spearman's rank correlation, ties shared; null when either side does not vary. */
export function rankCorrelation(a: Numbers, b: Numbers): number | null {
  assertSameLength(a, b);
  const ranksA = averageRanks(a);
  const ranksB = averageRanks(b);
  const centre = (a.length + 1) / 2;
  let both = 0;
  let squareA = 0;
  let squareB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = ranksA[i]! - centre;
    const y = ranksB[i]! - centre;
    both += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return squareA === 0 || squareB === 0 ? null : both / Math.sqrt(squareA * squareB);
}

/** Bins of equal width over [0, 1] that hold a row, lowest first; a border belongs to the lower. */
export function calibrationBins(
  up: Numbers,
  probability: Numbers,
  binCount: number = 10,
): CalibrationBin[] {
  assertSameLength(up, probability);
  const bins = Array.from({ length: binCount }, () => ({ count: 0, predicted: 0, ups: 0 }));
  for (let i = 0; i < up.length; i++) {
    const p = probability[i]!;
    let place = 0;
    while (place < binCount - 1 && p > (place + 1) * (1 / binCount)) place++;
    const bin = bins[place]!;
    bin.count += 1;
    bin.predicted += p;
    bin.ups += up[i]!;
  }
  return bins
    .filter(({ count }) => count > 0)
    .map(({ count, predicted, ups }) => ({
      count,
      mean_predicted: predicted / count,
      share_up: ups / count,
    }));
}

/** Expected calibration error: the bins' gaps between predicted and realised, weighted by rows. */
export function calibrationError(bins: readonly CalibrationBin[]): number | null {
  const rows = bins.reduce((sum, { count }) => sum + count, 0);
  if (rows === 0) return null;
  const gaps = bins.map((bin) => bin.count * Math.abs(bin.mean_predicted - bin.share_up));
  return gaps.reduce((sum, gap) => sum + gap, 0) / rows;
}

/** Ranks from 1, equal values sharing the mean of theirs. */
function averageRanks(values: Numbers): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  order.sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let first = 0; first < order.length;) {
    const value = values[order[first]!];
    let last = first;
    while (last + 1 < order.length && values[order[last + 1]!] === value) last++;
    for (let i = first; i <= last; i++) ranks[order[i]!] = (first + last) / 2 + 1;
    first = last + 1;
  }
  return ranks;
}

function mapPairs(a: Numbers, b: Numbers, f: (a: number, b: number) => number): Float64Array {
  assertSameLength(a, b);
  return Float64Array.from({ length: a.length }, (_, i) => f(a[i]!, b[i]!));
}

function assertSameLength(a: Numbers, b: Numbers): void {
  assert(a.length === b.length, `${a.length} and ${b.length} rows cannot be paired`);
}
