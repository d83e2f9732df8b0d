/**
 * A seeded market for the learning tests: one decision a minute, outcomes over an hour, features of
 * which some tell the past, some are noise, and (with an edge) one tells the drift to come, by its
 * distance to 0.
 */
import { US_PER_HOUR, US_PER_MIN } from '../../src/domain/time.ts';
import { initialBaseline, updateBaseline } from '../../src/learning/baseline.ts';
import type { TrainingRow } from '../../src/learning/train-fold.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

export interface MarketSettings {
  readonly seed: number;
  readonly rows: number;
  readonly columns: number;
  /**
   * Drift per minute in units of a minute's volatility: up half an hour after
   * feature 0 was far from 0: most of it is still to come, so past returns tell little of it.
   */
  readonly edge: number;
}

const START_TS = Date.UTC(2024, 0, 1) * 1000;
const HORIZON_MIN = 60;
const HISTORY_MIN = 240;
const LEAD_MIN = 30;
const VOLATILITY = 3e-4;
const LAGS = [1, 5, 15, 60, 240] as const;

export const featureNames = (columns: number): string[] =>
  Array.from({ length: columns }, (_, i) => `feature_${i}`);

/** Rows in time order; the champion is the online baseline. Same settings, same rows. */
export function marketRows({ seed, rows, columns, edge }: MarketSettings): TrainingRow[] {
  const random = seededRandom(seed);
  const length = rows + HISTORY_MIN + HORIZON_MIN + 1;
  const noise = Array.from({ length: Math.max(columns - LAGS.length, 1) }, (_, i) =>
    wander(random, length, i === 0 ? 50 : 10 + 10 * i),
  );
  const logs = new Float64Array(length);
  for (let i = 1; i < length; i++) {
    // Half of the time either way, and nothing that is linear in a feature.
    const signal = noise[0]![Math.max(i - LEAD_MIN, 0)]!;
    const drift = Math.abs(signal) > 0.6745 ? edge : -edge;
    logs[i] = logs[i - 1]! + VOLATILITY * (drift + gaussian(random));
  }
  const baseline = initialBaseline(US_PER_HOUR);
  return Array.from({ length: rows }, (_, row) => {
    const at = row + HISTORY_MIN;
    const decidedTs = START_TS + row * US_PER_MIN;
    const champion = updateBaseline(baseline, decidedTs, Math.exp(logs[at]!));
    const past = LAGS.map((lag) => logs[at]! - logs[at - lag]!);
    const rest = noise.map((series, i) => (i > 0 && random() < 0.02 ? null : series[at]!));
    const forwardReturn = Math.expm1(logs[at + HORIZON_MIN]! - logs[at]!);
    return {
      decidedTs,
      labelEndTs: decidedTs + US_PER_HOUR,
      values: [...rest, ...past].slice(0, columns),
      up: forwardReturn > 0 ? 1 : 0,
      forwardReturn,
      championProbability: champion.probabilityUp,
      championReturn: champion.expectedReturn,
    };
  });
}

/** A stationary series of variance 1 that forgets itself within `minutes`. */
function wander(random: () => number, length: number, minutes: number): Float64Array {
  const keep = Math.exp(-1 / minutes);
  const series = new Float64Array(length);
  let value = gaussian(random);
  for (let i = 0; i < length; i++) {
    series[i] = value;
    value = keep * value + Math.sqrt(1 - keep * keep) * gaussian(random);
  }
  return series;
}
