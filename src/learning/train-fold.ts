/**
 * Rows -> the two models of one training fold: direction (binary) and return (squared error). The
 * trainer is given in, so that this stays pure.
 */
import { averageModels } from './seed-ensemble.ts';
import { recencyWeights } from './recency.ts';
import type { LabelInterval } from './split.ts';

/** A decision with its features and what happened next. */
export interface TrainingRow extends LabelInterval {
  /** In the order of the feature names; null: no value. */
  readonly values: readonly (number | null)[];
  readonly up: 0 | 1;
  /** Simple return over the horizon. */
  readonly forwardReturn: number;
  /** What the champion predicted at that decision; null: nothing. */
  readonly championProbability: number | null;
  readonly championReturn: number | null;
}

type Params = Readonly<Record<string, string | number | boolean>>;

/** LightGBM, or whatever trains the same: deterministic by its request. */
export interface Trainer {
  readonly version: string;
  train(training: {
    readonly matrix: {
      readonly rows: number;
      readonly columns: number;
      /** Row-major, NaN: no value. */
      readonly values: Float64Array;
    };
    readonly labels: Float32Array;
    /** Positive, one a row. */
    readonly weights?: Float32Array | undefined;
    readonly featureNames: readonly string[];
    readonly params: Params;
    readonly rounds: number;
    readonly seed: number;
  }): string;
}

export interface FoldModels {
  readonly direction: string;
  readonly return: string;
  /** Share of ups among the training rows, weighted as they are, and its log-odds. */
  readonly baseRate: number;
  readonly baseLogOdds: number;
  readonly meanReturn: number;
  /** The return model's unit: a prediction times this is a return. */
  readonly returnUnit: number;
}

export interface TrainingSettings {
  readonly trainer: Trainer;
  readonly params: Params;
  readonly rounds: number;
  readonly seed: number;
  /** Days behind the newest row after which one counts half; null: all count the same. */
  readonly halfLifeDays: number | null;
  /** So many models with seeds of their own, whose mean is taken; 1 where it is left out. */
  readonly bags?: number | undefined;
  /** Of a second kind of model: as many of it are trained, and the mean is that of all. */
  readonly beside?: Params | undefined;
}

/** Trains both models on the rows of `indices`. */
export function trainFold(
  rows: readonly TrainingRow[],
  indices: Uint32Array,
  featureNames: readonly string[],
  { trainer, params, rounds, seed, halfLifeDays, bags = 1, beside }: TrainingSettings,
): FoldModels {
  const matrix = toMatrix(rows, indices, featureNames.length);
  const up = Float32Array.from(indices, (index) => rows[index]!.up);
  const returns = Float64Array.from(indices, (index) => rows[index]!.forwardReturn);
  const returnUnit = rootMeanSquare(returns);
  const weights = recencyWeights(
    Float64Array.from(indices, (index) => rows[index]!.decidedTs),
    halfLifeDays,
  );
  const kinds = beside === undefined ? [params] : [params, beside];
  const fit = (objective: string, labels: Float32Array): string => {
    const seeds = Array.from({ length: bags }, (_, i) => seed + i);
    const models = kinds.flatMap((kind) =>
      seeds.map((ensembleSeed) =>
        trainer.train({
          matrix,
          labels,
          weights,
          featureNames,
          rounds,
          seed: ensembleSeed,
          params: { ...kind, objective },
        }),
      ),
    );
    return averageModels(models);
  };
  return {
    direction: fit('binary', up),
    return: fit('regression', winsorised(returns, returnUnit)),
    ...fitBase(up, returns, weights),
    returnUnit,
  };
}

type Base = Pick<FoldModels, 'baseRate' | 'baseLogOdds' | 'meanReturn'>;

/** What is predicted where nothing is known but what usually happened in the rows of `indices`. */
export function classPrior(
  rows: readonly TrainingRow[],
  indices: Uint32Array,
  halfLifeDays: number | null,
): Base {
  const decidedTs = Float64Array.from(indices, (index) => rows[index]!.decidedTs);
  const up = Float32Array.from(indices, (index) => rows[index]!.up);
  const returns = Float64Array.from(indices, (index) => rows[index]!.forwardReturn);
  return fitBase(up, returns, recencyWeights(decidedTs, halfLifeDays));
}

function fitBase(up: Float32Array, returns: Float64Array, weights: Float32Array): Base {
  const baseRate = fitBaseRate(up, weights);
  const baseLogOdds = Math.log(baseRate / (1 - baseRate));
  return { baseRate, baseLogOdds, meanReturn: weightedMean(returns, weights) };
}

/** Row-major over the rows of `indices`. */
function toMatrix(
  rows: readonly TrainingRow[],
  indices: Uint32Array,
  columns: number,
): { rows: number; columns: number; values: Float64Array } {
  const values = new Float64Array(indices.length * columns);
  for (const [place, index] of indices.entries()) {
    const row = rows[index]!.values;
    for (let c = 0; c < columns; c++) values[place * columns + c] = row[c] ?? NaN;
  }
  return { rows: indices.length, columns, values };
}

/** With one row of each outcome added (Laplace), so that its log-odds are finite. */
const fitBaseRate = (up: Float32Array, weights: Float32Array): number =>
  (weightedMean(up, weights) * up.length + 1) / (up.length + 2);

function weightedMean(values: Float32Array | Float64Array, weights: Float32Array): number {
  let sum = 0;
  let total = 0;
  for (const [i, weight] of weights.entries()) {
    sum += weight * values[i]!;
    total += weight;
  }
  return sum / total;
}

/** 1 when nothing ever moved. */
export function rootMeanSquare(values: Float64Array): number {
  const root = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  return root > 0 ? root : 1;
}

const WINSORISED_SHARE = 0.005;

/**
 * Returns in units of their root mean square, the outermost half percent of either side drawn in: a
 * squared loss would else learn a few jumps by heart.
 */
function winsorised(returns: Float64Array, unit: number): Float32Array {
  const sorted = returns.slice().sort();
  const cut = Math.floor(sorted.length * WINSORISED_SHARE);
  const low = sorted[cut] ?? 0;
  const high = sorted[sorted.length - 1 - cut] ?? 0;
  return Float32Array.from(returns, (value) => Math.min(Math.max(value, low), high) / unit);
}
