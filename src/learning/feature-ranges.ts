/**
 * Training rows -> what they span, feature by feature, for the outlier check of serving.
 */
import type { FeatureRange } from './artefact.ts';
import type { TrainingRow } from './train-fold.ts';

/** The outermost thousandth of either side does not count as seen. */
const TAIL = 0.001;
/** The range between the tails is widened by this share of itself on either side. */
const WIDENED_BY = 0.5;

/**
 * Bounds between the 0.1 % and the 99.9 % quantile, widened by half of their distance. A feature
 * that never varied has no bounds: one other value would say nothing about the row.
 */
export function featureRanges(
  rows: readonly TrainingRow[],
  indices: Uint32Array,
  names: readonly string[],
): FeatureRange[] {
  return names.map((name, column) => {
    const sorted = sortedValues(rows, indices, column);
    const null_share = 1 - sorted.length / indices.length;
    const cut = Math.floor(sorted.length * TAIL);
    const low = sorted[cut] ?? 0;
    const high = sorted[sorted.length - 1 - cut] ?? 0;
    const spare = (high - low) * WIDENED_BY;
    const isBounded = spare > 0 && Number.isFinite(spare);
    return {
      name,
      low: isBounded ? low - spare : null,
      high: isBounded ? high + spare : null,
      null_share,
    };
  });
}

/** The values of a column over the rows of `indices`, smallest first; missing ones left out. */
export function sortedValues(
  rows: readonly Pick<TrainingRow, 'values'>[],
  indices: Uint32Array,
  column: number,
): Float64Array {
  const seen: number[] = [];
  for (const index of indices) {
    const value = rows[index]!.values[column] ?? null;
    if (value !== null && !Number.isNaN(value)) seen.push(value);
  }
  return Float64Array.from(seen).sort();
}
