/**
 * Windows of recent values, oldest first, and the small sums over their last `period` entries.
 *
 * A windowed indicator is computed afresh from its window at every candle, so it cannot drift as
 * running sums do, and its state is the window itself: plain numbers that any codec can store.
 */

/** Adds a value in place; forgets the oldest once there are more than `size`. */
export function push(window: number[], value: number, size: number): void {
  const last = window.length - 1;
  if (last + 1 < size) {
    window.push(value);
  } else if (size > 0) {
    // A few doubles are moved faster here than by `shift`, which makes `push` grow the array again.
    for (let i = 0; i < last; i++) window[i] = window[i + 1] as number;
    window[last] = value;
  }
}

/**
 * The entry `back` places before the newest one; the caller knows that there are as many. The inner
 * loops of this folder index for themselves instead, which is ten times as fast (measured).
 */
export const recent = (window: readonly number[], back = 0): number =>
  window[window.length - 1 - back] as number;

/** The same, or NaN where the window does not reach so far. */
export const recentOrNaN = (window: readonly number[], back: number): number =>
  back < window.length ? recent(window, back) : NaN;

/** A number that may be published: neither NaN nor infinite, and without the sign of zero. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value + 0 : null);

/** The largest of the `period` values that end `back` places before the newest. */
export function highest(window: readonly number[], period: number, back = 0): number {
  let most = -Infinity;
  const end = window.length - back;
  for (let i = end - period; i < end; i++) most = Math.max(most, window[i] as number);
  return most;
}

/** The smallest of the `period` values that end `back` places before the newest. */
export function lowest(window: readonly number[], period: number, back = 0): number {
  let least = Infinity;
  const end = window.length - back;
  for (let i = end - period; i < end; i++) least = Math.min(least, window[i] as number);
  return least;
}

/**
 * Mean of the last `period` values. Summed as distances from the newest one: equal values then
 * give exactly that value, and a deviation from the mean is 0 instead of rounding noise.
 */
export function mean(window: readonly number[], period: number): number {
  const newest = recent(window);
  let sum = 0;
  for (let i = window.length - period; i < window.length; i++) {
    sum += (window[i] as number) - newest;
  }
  return newest + sum / period;
}

/** How far a price lies above a reference, as a fraction of it; null without a reference. */
export const distance = (price: number, reference: number | null): number | null =>
  reference === null ? null : finite(price / reference - 1);

/** A value in units of price as a fraction of the newest close. */
export const overClose = (value: number | null, close: readonly number[]): number | null =>
  value === null ? null : finite(value / recent(close));

/** A value over what is usual of it; null where either is missing. */
export const ratio = (value: number | null, usual: number | null): number | null =>
  value === null || usual === null ? null : finite(value / usual);
