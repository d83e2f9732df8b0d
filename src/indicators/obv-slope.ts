/**
 * Slope of on-balance volume (Joseph Granville): OBV adds a candle's volume when the close rose and
 * subtracts it when it fell; the slope is that of the least-squares line through the last `period`
 * points of OBV, in units of their mean volume per candle. The level at which OBV began does not
 * touch its slope, so the window is enough. Null while warming up and without volume.
 */
import type { Column } from './column.ts';
import { finite } from './window.ts';

export function obvSlope(
  close: readonly number[],
  volume: readonly number[],
  period: number,
): number | null {
  if (close.length < period) return null;
  const c = close.length - period;
  const v = volume.length - period;
  let total = 0;
  const steps = new Float64Array(period);
  for (let i = 0; i < period; i++) {
    const size = volume[v + i] as number;
    if (i > 0) steps[i] = obvStep(close[c + i] as number, close[c + i - 1] as number, size);
    total += size;
  }
  return obvSlopeFromSteps({ values: steps, end: period }, total, period);
}

/** What a candle adds to on-balance volume. */
export const obvStep = (close: number, previousClose: number, volume: number): number =>
  Math.sign(close - previousClose) * volume;

/** The same from the steps, the oldest of which does not count, and the volume of all `period`. */
export function obvSlopeFromSteps(steps: Column, total: number, period: number): number | null {
  const { values, end } = steps;
  const middle = (period - 1) / 2;
  const first = end - period;
  let obv = 0;
  let covariance = 0;
  for (let i = 1; i < period; i++) {
    obv += values[first + i] as number;
    covariance += (i - middle) * obv;
  }
  const variance = (period * (period * period - 1)) / 12;
  return finite(covariance / variance / (total / period));
}
