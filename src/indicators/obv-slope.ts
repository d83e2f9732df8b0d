/**
 * Slope of on-balance volume (Joseph Granville): OBV adds a candle's volume when the close rose and
 * subtracts it when it fell; the slope is that of the least-squares line through the last `period`
 * points of OBV, in units of their mean volume per candle. The level at which OBV began does not
 * touch its slope, so the window is enough. Null while warming up and without volume.
 */
import { finite } from './window.ts';

export function obvSlope(
  close: readonly number[],
  volume: readonly number[],
  period: number,
): number | null {
  if (close.length < period) return null;
  const c = close.length - period;
  const v = volume.length - period;
  const middle = (period - 1) / 2;
  let obv = 0;
  let covariance = 0;
  let total = volume[v] as number;
  for (let i = 1; i < period; i++) {
    const size = volume[v + i] as number;
    obv += Math.sign((close[c + i] as number) - (close[c + i - 1] as number)) * size;
    covariance += (i - middle) * obv;
    total += size;
  }
  const variance = (period * (period * period - 1)) / 12;
  return finite(covariance / variance / (total / period));
}
