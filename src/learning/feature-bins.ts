/**
 * Training rows -> how each feature was distributed, coarse enough for a manifest: what served rows
 * are held against later on (`src/learning/drift.ts`).
 *
 * Deciles of the values, and the share of rows without one as a bin of its own. Equal deciles are
 * one border, so a feature with few values has fewer and unequal bins. A feature that was the same
 * in every row has no borders: its bins are "that value" and "any other". One that never had any
 * has a single, empty bin of values.
 */
import { sortedValues } from './feature-ranges.ts';
import type { TrainingRow } from './train-part.ts';

export interface FeatureBins {
  readonly name: string;
  /** Borders between bins, ascending; a value on a border belongs to the lower bin. */
  readonly borders: readonly number[];
  /** The one value of a feature that never varied; null: it varied, or never had a value. */
  readonly constant: number | null;
  /** Share of all training rows in each bin of values, lowest first. */
  readonly shares: readonly number[];
  /** Share of the training rows without a value; with `shares` it sums to 1. */
  readonly null_share: number;
}

const BINS = 10;

/** The bins of `names` over the training rows of `indices`, one or more. */
export function featureBins(
  rows: readonly Pick<TrainingRow, 'values'>[],
  indices: Uint32Array,
  names: readonly string[],
): FeatureBins[] {
  return names.map((name, column) => {
    const sorted = sortedValues(rows, indices, column);
    const [first, last] = [sorted[0], sorted.at(-1)];
    const constant = first !== undefined && first === last ? first : null;
    const shape = { name, borders: constant === null ? deciles(sorted) : [], constant };
    const counts = Array.from({ length: binCount(shape) }, () => 0);
    for (const value of sorted) counts[binOf(shape, value)]! += 1;
    return {
      ...shape,
      shares: counts.map((count) => count / indices.length),
      null_share: 1 - sorted.length / indices.length,
    };
  });
}

type Shape = Pick<FeatureBins, 'borders' | 'constant'>;

/** How many bins of values there are, the one of missing values not counted. */
export const binCount = ({ borders, constant }: Shape): number =>
  constant === null ? borders.length + 1 : 2;

/** The place of a value in `shares`. */
export function binOf({ borders, constant }: Shape, value: number): number {
  if (constant !== null) return value === constant ? 0 : 1;
  let place = 0;
  while (place < borders.length && value > borders[place]!) place++;
  return place;
}

/** Nine at most; the largest value is no border, nothing would lie above it. */
function deciles(sorted: Float64Array): number[] {
  if (sorted.length === 0) return [];
  const borders = Array.from(
    { length: BINS - 1 },
    (_, i) => sorted[Math.ceil(((i + 1) / BINS) * sorted.length) - 1]!,
  );
  return [...new Set(borders)].filter((border) => border < sorted.at(-1)!);
}
