/**
 * Which rows train and which are tested, by time alone: walk-forward folds, and a holdout that
 * the artefact's training never sees.
 *
 * A label is an interval, from the decision to its exit. A training row is kept only if its label
 * ends before the test rows begins, less an embargo: what the training knows and what the test asks
 * then share no price, and no trend right at the border.
 */
import { assert, must } from '../assert.ts';

export interface LabelInterval {
  readonly decidedTs: number;
  /** When the outcome was fixed: the exit, or the end of the horizon. */
  readonly labelEndTs: number;
}

export interface SplitSettings {
  /** Walk-forward test folds in front of the holdout. */
  readonly folds: number;
  /** The holdout's share of the rows. */
  readonly holdoutShare: number;
  /** The share of the other rows that only ever trains, before the first fold's test rows. */
  readonly warmupShare: number;
  readonly embargoUs: number;
}

/** Indices into the rows given, rising. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
  /** Decisions from here on are the test rows. */
  readonly testFromTs: number;
  /** Rows before the test rows that were left out because their label reaches into them. */
  readonly purged: number;
  /** Rows left out only because of the embargo. */
  readonly embargoed: number;
}

export interface Split {
  readonly folds: readonly Fold[];
  /** `test` is the holdout; `train` is what the artefact is trained on. */
  readonly final: Fold;
}

export const defaultSplit = (horizonUs: number): SplitSettings => ({
  folds: 3,
  holdoutShare: 0.3,
  warmupShare: 0.4,
  embargoUs: horizonUs,
});

/**
 * Splits rows in order of `decidedTs`. Rows decided at one instant stay together. Every fold's rows
 * come from the artefact's own training rows, so the holdout has no part in them either.
 */
export function splitRows(rows: readonly LabelInterval[], settings: SplitSettings): Split {
  const { folds, holdoutShare, warmupShare, embargoUs } = settings;
  assert(holdoutShare > 0 && holdoutShare < 1, `a holdout of ${holdoutShare} of the rows`);
  assert(warmupShare > 0 && warmupShare < 1, `a warm-up of ${warmupShare} of the rows`);
  assert(Number.isInteger(folds) && folds >= 0, `${folds} folds`);
  checkOrder(rows);
  const all = Uint32Array.from(rows, (_, i) => i);
  const final = foldAt(rows, all, share(rows.length, 1 - holdoutShare), all.length, embargoUs);
  const inner = final.train;
  const edges = Array.from({ length: folds + 1 }, (_, fold) =>
    share(inner.length, warmupShare + ((1 - warmupShare) * fold) / Math.max(folds, 1)),
  );
  const walked = edges
    .slice(0, folds)
    .map((from, fold) => foldAt(rows, inner, from, must(edges[fold + 1], 'an edge'), embargoUs));
  return { folds: walked, final };
}

const share = (count: number, part: number): number => Math.floor(count * part);

/** The fold of `indices` whose test rows are about `from` to `to` (places in `indices`). */
function foldAt(
  rows: readonly LabelInterval[],
  indices: Uint32Array,
  from: number,
  to: number,
  embargoUs: number,
): Fold {
  const decidedTs = (at: number): number =>
    at < indices.length ? rows[indices[at]!]!.decidedTs : Infinity;
  const testFromTs = decidedTs(from);
  const testToTs = to < indices.length ? decidedTs(to) : Infinity;
  const train: number[] = [];
  const test: number[] = [];
  let purged = 0;
  let embargoed = 0;
  for (const index of indices) {
    const row = rows[index]!;
    if (row.decidedTs >= testFromTs) {
      if (row.decidedTs < testToTs) test.push(index);
    } else if (row.labelEndTs >= testFromTs) purged += 1;
    else if (row.labelEndTs + embargoUs >= testFromTs) embargoed += 1;
    else train.push(index);
  }
  return {
    train: Uint32Array.from(train),
    test: Uint32Array.from(test),
    testFromTs,
    purged,
    embargoed,
  };
}

function checkOrder(rows: readonly LabelInterval[]): void {
  for (const [i, row] of rows.entries()) {
    assert(row.labelEndTs >= row.decidedTs, `the label of row ${i} ends before its decision`);
    const previous = rows[i - 1];
    assert(
      previous === undefined || previous.decidedTs <= row.decidedTs,
      `row ${i} was decided before the row in front of it`,
    );
  }
}
