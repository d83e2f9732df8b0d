/**
 * Bollinger bands (John Bollinger): mean of `period` closes, plus and minus `deviations` population
 * standard deviations. Width = (upper - lower) / mean. Position (%B) = where the close lies between
 * the bands, 0 at the lower and 1 at the upper one; null where the bands have no width.
 */
import { finite, mean, recent } from './window.ts';

/** Population standard deviation of the last `period` values. Null until there are as many. */
export function standardDeviation(window: readonly number[], period: number): number | null {
  if (window.length < period) return null;
  const average = mean(window, period);
  let sum = 0;
  for (let i = window.length - period; i < window.length; i++) {
    sum += ((window[i] as number) - average) ** 2;
  }
  return Math.sqrt(sum / period);
}

export function bollingerWidth(
  close: readonly number[],
  period: number,
  deviations: number,
): number | null {
  const deviation = standardDeviation(close, period);
  if (deviation === null) return null;
  return finite((2 * deviations * deviation) / mean(close, period));
}

export function bollingerPosition(
  close: readonly number[],
  period: number,
  deviations: number,
): number | null {
  const deviation = standardDeviation(close, period);
  if (deviation === null) return null;
  const halfWidth = deviations * deviation;
  return finite((recent(close) - mean(close, period) + halfWidth) / (2 * halfWidth));
}
