/**
 * Stochastic oscillator (George Lane), slow form, 0 to 100. Raw %K = where the close lies between
 * the lowest low and the highest high of `period` candles; %K = mean of the last `smooth` raw
 * values; %D = mean of the last `signal` %K. Null while warming up and where a range is empty.
 */
import { finite, highest, lowest, recent } from './window.ts';

type Prices = readonly number[];

/** %K as it stood `back` candles ago. Needs period + smooth - 1 + back candles. */
export function stochasticK(
  high: Prices,
  low: Prices,
  close: Prices,
  period: number,
  smooth: number,
  back = 0,
): number | null {
  if (close.length < period + smooth - 1 + back) return null;
  let sum = 0;
  for (let i = back; i < back + smooth; i++) {
    sum += placeInRange(recent(close, i), highest(high, period, i), lowest(low, period, i));
  }
  return finite((100 * sum) / smooth);
}

/** Where a close lies in its range: 0 at the bottom, 1 at the top. */
export const placeInRange = (close: number, top: number, bottom: number): number =>
  (close - bottom) / (top - bottom);

/** %D, the mean of the last `signal` values of %K. */
export function stochasticD(
  high: Prices,
  low: Prices,
  close: Prices,
  period: number,
  smooth: number,
  signal: number,
): number | null {
  let sum = 0;
  for (let back = 0; back < signal; back++) {
    const k = stochasticK(high, low, close, period, smooth, back);
    if (k === null) return null;
    sum += k;
  }
  return sum / signal;
}
