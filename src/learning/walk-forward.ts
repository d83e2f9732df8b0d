/**
 * predictions of several predictors on the same rows -> how good each was, and by how much the
 * first was better than each other, with intervals that know that outcomes overlap
 *
 * Every metric is written as a mean over rows, the area under the ROC curve by its placement values
 * (DeLong, DeLong and Clarke-Pearson 1988), so that the gate's block bootstrap serves them all.
 */
import { assert } from '../assert.ts';
import { meanInterval, type MeanInterval } from './gate.ts';
import { logLosses, mean, squaredErrors, type Numbers } from './metrics.ts';

export interface Predictor {
  readonly name: string;
  readonly probabilityUp: Float64Array;
  /** What is ranked: the probability itself, or what it was made from. */
  readonly score: Float64Array;
  /** 1: up, -1: not up, 0: no call, which counts as half of a hit. */
  readonly call: Int8Array;
}

export type Metric = 'auc' | 'hit_rate' | 'brier' | 'log_loss';
export const METRICS: readonly Metric[] = ['auc', 'hit_rate', 'brier', 'log_loss'];
const LESS_IS_BETTER: ReadonlySet<Metric> = new Set(['brier', 'log_loss']);

/** Decisions of one range, in the order of `decidedTs`; the first predictor is the one judged. */
export interface Judgement {
  readonly decidedTs: Float64Array;
  readonly up: Float64Array;
  readonly predictors: readonly Predictor[];
}

export interface MetricReport {
  /** Null where one outcome alone occurred. */
  readonly value: number | null;
  /** By how much the first predictor is better (above 0) or worse; null for itself. */
  readonly gain: MeanInterval | null;
}

export type PredictorReport = Readonly<Record<Metric, MetricReport>> & { readonly name: string };

/**
 * All metrics of all predictors over one range or several in their order, which then have the
 * same predictors. Ranks are taken within a range: scores of differently trained models, and base
 * rates of different times, do not compare. Deterministic by `seed`.
 */
export function judgeAll(
  ranges: readonly Judgement[],
  options: { readonly horizonUs: number; readonly coverage: number; readonly seed: number },
): PredictorReport[] {
  const joined = (of: (range: Judgement) => Numbers): Float64Array =>
    Float64Array.from(ranges.flatMap((range) => Array.from(of(range))));
  const decidedTs = joined((range) => range.decidedTs);
  const names = (ranges[0]?.predictors ?? []).map(({ name }) => name);
  const metricValues = (metric: Metric, place: number): Float64Array =>
    joined(({ up, predictors }) => rowValues(metric, up, predictors[place]!));
  return names.map((name, place) => {
    const reports = METRICS.map((metric): [Metric, MetricReport] => {
      const theirs = metricValues(metric, place);
      const value = mean(theirs);
      if (value === null || Number.isNaN(value)) return [metric, { value: null, gain: null }];
      if (place === 0) return [metric, { value, gain: null }];
      const sign = LESS_IS_BETTER.has(metric) ? -1 : 1;
      const gains = metricValues(metric, 0).map((own, i) => sign * (own - theirs[i]!));
      return [metric, { value, gain: meanInterval(decidedTs, gains, options) }];
    });
    return { name, ...(Object.fromEntries(reports) as Record<Metric, MetricReport>) };
  });
}

/** Row by row what has the metric as its mean; NaN where the rows do not determine it. */
export function rowValues(metric: Metric, up: Numbers, predictor: Predictor): Float64Array {
  switch (metric) {
    case 'auc':
      return placements(up, predictor.score);
    case 'hit_rate':
      return Float64Array.from(predictor.call, (call, i) =>
        call === 0 ? 0.5 : call > 0 === (up[i] === 1) ? 1 : 0,
      );
    case 'brier':
      return squaredErrors(up, predictor.probabilityUp);
    case 'log_loss':
      return logLosses(up, predictor.probabilityUp);
  }
}

/**
 * The area, plus the influence of each row on it: for an up, how much larger its share of downs
 * below it is than the area; for a down, the same with the ups above it. Ties count half.
 */
function placements(up: Numbers, score: Numbers): Float64Array {
  const rows = up.length;
  assert(score.length === rows, `${score.length} scores for ${rows} rows`);
  const order = Array.from({ length: rows }, (_, i) => i).sort((a, b) => score[a]! - score[b]!);
  const ups = Array.from({ length: rows }, (_, i) => up[i]!).reduce((sum, each) => sum + each, 0);
  const downs = rows - ups;
  const values = new Float64Array(rows).fill(NaN);
  if (ups === 0 || downs === 0) return values;
  let upsBelow = 0;
  let downsBelow = 0;
  let area = 0;
  for (let first = 0; first < rows;) {
    let end = first;
    let tiedUps = 0;
    while (end < rows && score[order[end]!] === score[order[first]!]) tiedUps += up[order[end++]!]!;
    const tiedDowns = end - first - tiedUps;
    const below = (downsBelow + tiedDowns / 2) / downs;
    const above = (ups - upsBelow - tiedUps / 2) / ups;
    for (let at = first; at < end; at++) values[order[at]!] = up[order[at]!] === 1 ? below : above;
    area += (tiedUps * below) / ups;
    upsBelow += tiedUps;
    downsBelow += tiedDowns;
    first = end;
  }
  return values.map((place, i) => {
    const share = (up[i] === 1 ? ups : downs) / rows;
    return area + (place - area) / share;
  });
}

/** A predictor whose calls and ranks are those of its probability. */
export const byProbability = (name: string, probabilityUp: Float64Array): Predictor => ({
  name,
  probabilityUp,
  score: probabilityUp,
  call: Int8Array.from(probabilityUp, (p) => Math.sign(p - 0.5)),
});

/**
 * "It goes on as it went" (`direction` 1) or "it comes back" (-1): calls by the sign of the past
 * return, each believed as far as it was right on the training rows, and never less than a coin.
 */
export function byPastReturn(
  name: string,
  direction: 1 | -1,
  training: { readonly up: Numbers; readonly pastReturn: Numbers },
  pastReturn: Float64Array,
): Predictor {
  const callDirection = (past: number): number => direction * Math.sign(past);
  let calls = 0;
  let hits = 0;
  for (let i = 0; i < training.up.length; i++) {
    const call = callDirection(training.pastReturn[i]!);
    calls += Math.abs(call);
    if (call !== 0 && call > 0 === (training.up[i] === 1)) hits += 1;
  }
  const belief = Math.max((hits + 1) / (calls + 2), 0.5);
  return {
    name,
    probabilityUp: pastReturn.map((past) => 0.5 + callDirection(past) * (belief - 0.5)),
    score: pastReturn.map((past) => direction * past),
    call: Int8Array.from(pastReturn, callDirection),
  };
}
