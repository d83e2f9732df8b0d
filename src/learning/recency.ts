/**
 * How much a training row counts: half as much for every half-life that it lies behind the newest,
 * because markets change. The weights' mean is 1, so that a leaf and the penalty on it mean the
 * same with and without them.
 */
import { assert } from '../assert.ts';
import type { Numbers } from './metrics.ts';

/** A third of the window that is trained on: its oldest rows count an eighth of its newest. */
export const DEFAULT_HALF_LIFE_DAYS = 30;

const US_PER_DAY = 86_400e6;

/** Weights in the order of `decidedTs`, whose last is the newest; null: all count the same. */
export function recencyWeights(decidedTs: Numbers, halfLifeDays: number | null): Float32Array {
  const rows = decidedTs.length;
  if (halfLifeDays === null) return new Float32Array(rows).fill(1);
  assert(halfLifeDays > 0, `a half-life of ${halfLifeDays} days`);
  const newest = decidedTs[rows - 1] ?? 0;
  const weights = Float32Array.from(
    { length: rows },
    (_, i) => 2 ** ((decidedTs[i]! - newest) / US_PER_DAY / halfLifeDays),
  );
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / rows;
  return weights.map((weight) => weight / mean);
}
