/**
 * Bollinger bands (John Bollinger): mean of `period` closes, plus and minus `deviations` population
 * standard deviations. Width = (upper - lower) / mean. Position (%B) = where the close lies between
 * the bands, 0 at the lower and 1 at the upper one; null where the bands have no width.
 */
import type { Column } from './column.ts';
import { finite, mean, recent } from './window.ts';

/** Population standard deviation of the last `period` values. Null until there are as many. */
export function standardDeviation(window: readonly number[], period: number): number | null {
  if (window.length < period) return null;
  const average = mean(window, period);
  return columnDeviation(
    { values: Float64Array.from(window), end: window.length },
    period,
    average,
  );
}

/** The same around a mean that is known. */
export function columnDeviation({ values, end }: Column, period: number, average: number): number {
  let sum = 0;
  for (let i = end - period; i < end; i++) sum += ((values[i] as number) - average) ** 2;
  return Math.sqrt(sum / period);
}

export function bollingerWidth(
  close: readonly number[],
  period: number,
  deviations: number,
): number | null {
  const deviation = standardDeviation(close, period);
  return deviation === null ? null : bandWidth(mean(close, period), deviations * deviation);
}

/** The same from the mean and the distance of either band to it. */
export const bandWidth = (average: number, halfWidth: number): number | null =>
  finite((2 * halfWidth) / average);

export function bollingerPosition(
  close: readonly number[],
  period: number,
  deviations: number,
): number | null {
  const deviation = standardDeviation(close, period);
  if (deviation === null) return null;
  return bandPosition(recent(close), mean(close, period), deviations * deviation);
}

/** The same from the mean and the distance of either band to it. */
export const bandPosition = (close: number, average: number, halfWidth: number): number | null =>
  finite((close - average + halfWidth) / (2 * halfWidth));
