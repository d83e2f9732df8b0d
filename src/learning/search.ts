/**
 * A small search over hyper-parameters, walking forward: every candidate is trained before each
 * fold and judged on it, pulled back as it would be served. The holdout has no part in it.
 *
 * Taken is the simplest candidate that lies within one standard error of the best (Breiman and
 * others 1984), by the blocks that the gate counts too: where nothing is to be learnt all of them
 * say the base rate, and the simplest it is.
 */
import { must } from '../assert.ts';
import type { SearchRow } from './artefact.ts';
import { blockMean } from './gate.ts';
import { logLosses, mean, squaredErrors } from './metrics.ts';
import { estimates, fitShrinkage, type FoldPrediction, type Target } from './fold-report.ts';

type Params = Readonly<Record<string, string | number | boolean>>;

export interface SearchCandidate {
  readonly name: string;
  /** In place of those defaults. */
  readonly params: Params;
  /** Models with seeds of their own whose mean is taken; 1 where it is left out. */
  readonly bags?: number;
  /** Whether the rows of the pool are trained on too. */
  readonly pooled?: boolean;
  /** Of a second kind of model, whose mean with the first is taken; see `FOREST`. */
  readonly beside?: Params;
}

/** In LightGBM's own words: boosted trees, and a random forest. */
export type ModelKind = 'gbdt' | 'rf';

/**
 * A random forest. Its trees do not build on each other: each is larger than a boosted one and sees
 * another half of the rows and fewer features, and their mean is what keeps it from being sure.
 */
export const FOREST = {
  boosting: 'rf',
  bagging_freq: 1,
  bagging_fraction: 0.5,
  feature_fraction: 0.3,
  num_leaves: 32,
  min_data_in_leaf: 300,
  lambda_l2: 0,
} as const;

/** Simplest first. */
export const SEARCHED: readonly SearchCandidate[] = [
  { name: 'small', params: { num_leaves: 4 } },
  { name: 'medium', params: {} },
  { name: 'large', params: { num_leaves: 16, min_data_in_leaf: 300 } },
];

/**
 * Those, and what is requested besides: one model of another kind, then means of several models,
 * then the rows of others.
 */
export function searchedWith(of: {
  readonly bags: number;
  readonly isPooled: boolean;
  readonly kinds: readonly ModelKind[];
}): readonly SearchCandidate[] {
  const bagged = { name: `medium, mean of ${of.bags} seeds`, params: {}, bags: of.bags };
  const pooled = { name: 'medium, pooled', params: {}, pooled: true };
  const forest = { name: 'forest', params: FOREST };
  const mixed = { name: 'medium and forest', params: {}, beside: FOREST };
  const hasForest = of.kinds.includes('rf');
  return [
    ...SEARCHED,
    ...(hasForest ? [forest] : []),
    ...(of.bags > 1 ? [bagged] : []),
    ...(hasForest ? [mixed] : []),
    ...(of.isPooled ? [pooled] : []),
  ];
}

/** A candidate's folds; the same test rows for all of them. */
export interface Searched<Fold> {
  readonly candidate: SearchCandidate;
  readonly folds: readonly Fold[];
}

/** The one to take, and the table of how that was decided. Without folds it is the first. */
export function chooseParams<Fold extends { readonly prediction: FoldPrediction }>(
  searched: readonly Searched<Fold>[],
  target: Target,
  horizonUs: number,
): { readonly chosen: Searched<Fold>; readonly table: readonly SearchRow[] } {
  const first = must(searched[0], 'a candidate to search among');
  if (first.folds.length === 0) return { chosen: first, table: [] };
  const losses = searched.map(({ folds }) => foldLosses(folds, target));
  const means = losses.map((each) => mean(each) ?? Infinity);
  const best = losses[means.indexOf(Math.min(...means))]!;
  const decidedTs = Float64Array.from(
    first.folds.flatMap(({ prediction }) => Array.from(prediction.decidedTs)),
  );
  const behind = losses.map((each) => {
    const differences = each.map((loss, i) => loss - best[i]!);
    return blockMean(decidedTs, differences, horizonUs);
  });
  const place = behind.findIndex(({ mean: gap, error }) => gap <= (error ?? 0) + ROUNDING);
  const table = searched.map(({ candidate: { name, params, beside } }, i) => ({
    name,
    params,
    ...(beside && { beside }),
    mean_loss: means[i]!,
    chosen: i === place,
    behind_best: behind[i]!.mean,
    standard_error: behind[i]!.error,
  }));
  return { chosen: searched[place]!, table };
}

/** Losses that differ by less are the same. */
const ROUNDING = 1e-12;

function foldLosses(
  folds: readonly { readonly prediction: FoldPrediction }[],
  target: Target,
): Float64Array {
  const predictions = folds.map(({ prediction }) => prediction);
  const shrinkage = fitShrinkage(predictions);
  const losses = predictions.map((prediction) => {
    const predicted = estimates(prediction, shrinkage)[target];
    return target === 'direction'
      ? logLosses(prediction.up, predicted)
      : squaredErrors(prediction.realised, predicted);
  });
  return Float64Array.from(losses.flatMap((each) => Array.from(each)));
}
