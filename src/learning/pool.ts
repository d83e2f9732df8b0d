/**
 * Rows of other instruments for the training of one: more to learn from where markets are alike.
 * Judged is on the instrument's own rows alone.
 */
import { assert } from '../assert.ts';
import { withoutFlashCrashes } from './flash-crash.ts';
import type { Fold } from './split.ts';
import { rootMeanSquare, type TrainingRow } from './train-fold.ts';

export interface PooledInstrument {
  readonly instrument: string;
  /** Matured outcomes in order of `decidedTs`, of the same features and label spec. */
  readonly rows: readonly TrainingRow[];
}

export interface PoolSettings {
  readonly embargoUs: number;
  readonly horizonUs: number;
}

/**
 * The training rows of a fold with those of the pool, in order of `decidedTs`. Of the pool as of
 * the fold itself: what ended an embargo before its test rows, and no flash crash. Returns are
 * scaled to the same root mean square, so that a wild market does not speak for a calm one.
 */
export function pooledRows(
  rows: readonly TrainingRow[],
  { train, testFromTs }: Pick<Fold, 'train' | 'testFromTs'>,
  pool: readonly PooledInstrument[],
  { embargoUs, horizonUs }: PoolSettings,
): TrainingRow[] {
  const own = Array.from(train, (index) => rows[index]!);
  const unit = returnUnit(own);
  const others = pool.flatMap((member) => {
    const over: number[] = [];
    for (const [i, row] of member.rows.entries()) {
      const before = i === 0 ? -Infinity : member.rows[i - 1]!.decidedTs;
      assert(row.decidedTs >= before, `row ${i} of ${member.instrument} is out of order`);
      if (row.labelEndTs + embargoUs < testFromTs) over.push(i);
    }
    const kept = withoutFlashCrashes(member.rows, Uint32Array.from(over), horizonUs);
    const theirs = Array.from(kept, (index) => member.rows[index]!);
    const scale = unit / returnUnit(theirs);
    return theirs.map((row) =>
      Object.assign({}, row, { forwardReturn: row.forwardReturn * scale }),
    );
  });
  return [...own, ...others].sort((a, b) => a.decidedTs - b.decidedTs);
}

const returnUnit = (rows: readonly TrainingRow[]): number =>
  rootMeanSquare(Float64Array.from(rows, ({ forwardReturn }) => forwardReturn));
