/**
 * Training rows -> how each feature was distributed, coarse enough for a manifest: what served rows
 * are held against later on (`src/learning/drift.ts`).
 *
 * Deciles of the values, and the share of rows without one as a bin of its own. Equal deciles are
 * one border, so a feature with few values has fewer and unequal bins. A feature that was the same
 * in every row has no borders: its bins are "that value" and "any other". One that never had any
 * has a single, empty bin of values.
 *
 * Rows of one market resemble their neighbours, most of all in slow features: a week of hourly
 * averages says what some dozen rows say. How many rows apart two of them say something of their
 * own is the integrated autocorrelation time of the bins' places, 1 + 2 times the sum of the
 * autocorrelations (A. Sokal, "Monte Carlo Methods in Statistical Mechanics", 1997). A missing
 * value has a place of its own, below all others.
 */
import { sortedValues } from './feature-ranges.ts';
import type { TrainingRow } from './train-fold.ts';

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
  /** So many rows apart two say something of their own; none in artefacts from before it. */
  readonly rows_apart?: number;
  /** The training rows in units of those; none in artefacts from before it. */
  readonly effective_rows?: number;
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
    const places = Int32Array.from(indices, (index) => {
      const value = rows[index]!.values[column] ?? NaN;
      return Number.isNaN(value) ? -1 : findBin(shape, value);
    });
    const counts = Array.from({ length: binCount(shape) }, () => 0);
    for (const place of places) if (place >= 0) counts[place]! += 1;
    const shares = counts.map((count) => count / indices.length);
    const null_share = 1 - sorted.length / indices.length;
    const rows_apart = rowsApart(places);
    const effective_rows = indices.length / rows_apart;
    return { ...shape, shares, null_share, rows_apart, effective_rows };
  });
}

/** Below it an autocorrelation is taken for noise, and what follows for nothing. */
const CORRELATION_FLOOR = 0.05;
/** A longer memory than this share of the rows is not to be had from them. */
const LAG_SHARE = 0.25;

/** Of the bins of rows in their order: 1 where neighbours are as different as any, or all equal. */
function rowsApart(places: Int32Array): number {
  const mean = places.reduce((sum, place) => sum + place, 0) / places.length;
  const apart = Float64Array.from(places, (place) => place - mean);
  const variance = meanProduct(apart, 0);
  if (variance === 0) return 1;
  let [sum, lag, before] = [0, 1, meanProduct(apart, 1) / variance];
  if (!(before > CORRELATION_FLOOR)) return 1;
  sum += before;
  // Lags double, and between two of them the autocorrelation falls in a line.
  while (2 * lag <= LAG_SHARE * places.length) {
    const correlation = meanProduct(apart, 2 * lag) / variance;
    if (correlation <= CORRELATION_FLOOR) break;
    sum += (lag * (before + correlation)) / 2;
    [lag, before] = [2 * lag, correlation];
  }
  return Math.min(places.length, 1 + 2 * sum);
}

/** Of values `lag` rows apart. */
function meanProduct(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let i = lag; i < values.length; i++) sum += values[i]! * values[i - lag]!;
  return sum / (values.length - lag);
}

type Shape = Pick<FeatureBins, 'borders' | 'constant'>;

/** How many bins of values there are, the one of missing values not counted. */
export const binCount = ({ borders, constant }: Shape): number =>
  constant === null ? borders.length + 1 : 2;

/** The place of a value in `shares`. */
export function findBin({ borders, constant }: Shape, value: number): number {
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
