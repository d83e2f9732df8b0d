/**
 * Which rows a flash crash made: trees would learn by heart what was over before anybody could have
 * acted on it.
 *
 * The rule: a decision's return lies more than eight robust standard deviations from the median of
 * the training rows, and the price came back by at least half of it within the horizon behind it.
 * Left out are that decision and the one that saw it come back. A jump that stays is none.
 * Only training rows are examined and left out: a model is judged on crashes as on all else.
 */
import type { TrainingRow } from './train-fold.ts';

/** The rule in words, for whoever reads a manifest. */
export const FLASH_CRASH_RULE =
  'beyond 8 robust deviations (1.4826 MAD), and half of it came back within a horizon';

const DEVIATIONS = 8;
/** Makes the median absolute deviation a standard deviation where returns are normal. */
const NORMAL_SCALE = 1.4826;
const SHARE_BACK = 0.5;

type Row = Pick<TrainingRow, 'decidedTs' | 'labelEndTs' | 'forwardReturn'>;

/** The `indices` (rising, into `rows` in order of `decidedTs`) that no flash crash made. */
export function withoutFlashCrashes(
  rows: readonly Row[],
  indices: Uint32Array,
  horizonUs: number,
): Uint32Array<ArrayBuffer> {
  const returns = Float64Array.from(indices, (index) => rows[index]!.forwardReturn);
  const centre = median(returns);
  const limit =
    DEVIATIONS * NORMAL_SCALE * median(returns.map((value) => Math.abs(value - centre)));
  const left = new Set<number>();
  let back = 0;
  for (const [place, index] of indices.entries()) {
    const row = rows[index]!;
    while (back < indices.length && rows[indices[back]!]!.decidedTs < row.labelEndTs) back += 1;
    const next = back < indices.length ? rows[indices[back]!]! : undefined;
    if (!(limit > 0) || next === undefined || next.decidedTs - row.labelEndTs > horizonUs) continue;
    const moved = returns[place]! - centre;
    const returned = -Math.sign(moved) * (returns[back]! - centre);
    if (Math.abs(moved) <= limit || returned < SHARE_BACK * Math.abs(moved)) continue;
    left.add(place);
    left.add(back);
  }
  return Uint32Array.from(indices.filter((_, place) => !left.has(place)));
}

/** 0 of nothing. */
function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1] ?? 0, sorted[Math.floor(half)] ?? 0];
  return (low + high) / 2;
}
