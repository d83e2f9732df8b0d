/**
 * How many features may be missing. A row that lacks more of them than this is one of indicators
 * that still warm up: it is left out of training, and a model's prediction on it is vetoed by the
 * same rule. Below it a missing value goes the way that training learnt for it.
 */

/** More than this share of the features without a value. */
export const NULL_SHARE_MAX = 0.35;

export function isWarmingUp(values: readonly (number | null)[]): boolean {
  let nulls = 0;
  for (const value of values) if (value === null) nulls += 1;
  return nulls > NULL_SHARE_MAX * values.length;
}
