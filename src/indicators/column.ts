/**
 * A column: the newest values of one kind as doubles side by side in memory, oldest first.
 *
 * For what is worked out of each candle once and then summed in one window after another. Sums run
 * over the window afresh, oldest first, as everywhere in this folder.
 */
export interface Column {
  readonly values: Float64Array;
  /** Behind the newest value. */
  end: number;
}

/** The longest window that can be read. */
const KEPT = 32;
/** Values move to the front once for many that are added. */
const CAPACITY = 4 * KEPT;

export const newColumn = (): Column => ({ values: new Float64Array(CAPACITY), end: 0 });

export function append(column: Column, value: number): void {
  if (column.end === CAPACITY) {
    column.values.copyWithin(0, CAPACITY - KEPT);
    column.end = KEPT;
  }
  column.values[column.end] = value;
  column.end += 1;
}

/** The value `back` places before the newest; the caller knows that there are as many. */
export const newest = ({ values, end }: Column, back = 0): number =>
  values[end - 1 - back] as number;

export function sum({ values, end }: Column, period: number): number {
  let total = 0;
  for (let i = end - period; i < end; i++) total += values[i] as number;
  return total;
}

/** As `mean` of a window: summed as distances from the newest one. */
export function columnMean(column: Column, period: number): number {
  const { values, end } = column;
  const last = newest(column);
  let total = 0;
  for (let i = end - period; i < end; i++) total += (values[i] as number) - last;
  return last + total / period;
}
