/**
 * Exponential moving averages, seeded with the simple mean of the first `period` values.
 *
 *   average += alpha * (x - average)      alpha = 2 / (period + 1)
 *
 * Wilder's smoothing (RSI, ATR, ADX) is the same recursion with alpha = 1 / period; see J. Welles
 * Wilder, "New Concepts in Technical Trading Systems", 1978.
 */

/** Values seen (it stops at `period`), and their sum until then, their average from then on. */
export type EmaState = [count: number, average: number];

export const initEma = (): EmaState => [0, 0];

/** Wilder's weight of the newest value. */
export const wilderAlpha = (period: number): number => 1 / period;

/** Takes the next value in place. */
export function stepEma(
  state: EmaState,
  value: number,
  period: number,
  alpha = 2 / (period + 1),
): void {
  if (state[0] >= period) {
    state[1] += alpha * (value - state[1]);
    return;
  }
  state[0] += 1;
  state[1] += value;
  if (state[0] === period) state[1] /= period;
}

/** The average, or null before `period` values. */
export const emaValue = (state: EmaState, period: number): number | null =>
  state[0] < period ? null : state[1];
