/**
 * Realised volatility: the root of the mean squared log return over `period` returns, per candle
 * and not annualised (Andersen and Bollerslev, 1998: realised variance is the sum of the squares).
 * Null until there are period + 1 closes, and where a price is not positive.
 */
import { finite } from './window.ts';

export const logReturn = (close: number, previousClose: number): number =>
  Math.log(close / previousClose);

export function realisedVolatility(close: readonly number[], period: number): number | null {
  if (close.length <= period) return null;
  let sum = 0;
  for (let i = close.length - period; i < close.length; i++) {
    sum += logReturn(close[i] as number, close[i - 1] as number) ** 2;
  }
  return volatilityFromSum(sum, period);
}

/** The same from the sum of the squared log returns. */
export const volatilityFromSum = (sum: number, period: number): number | null =>
  finite(Math.sqrt(sum / period));
