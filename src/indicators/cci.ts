/**
 * Commodity channel index (Donald Lambert, 1980): (typical price - its mean) / (0.015 * its mean
 * absolute deviation) over `period` candles. Null while warming up and where nothing deviates.
 */
import { finite, mean, recent } from './window.ts';

export function cci(
  high: readonly number[],
  low: readonly number[],
  close: readonly number[],
  period: number,
): number | null {
  if (close.length < period) return null;
  const h = high.length - period;
  const l = low.length - period;
  const c = close.length - period;
  const typical: number[] = [];
  for (let i = 0; i < period; i++) {
    const sum = (high[h + i] as number) + (low[l + i] as number) + (close[c + i] as number);
    typical.push(sum / 3);
  }
  const average = mean(typical, period);
  let deviation = 0;
  for (let i = 0; i < period; i++) deviation += Math.abs((typical[i] as number) - average);
  return finite((recent(typical) - average) / ((0.015 * deviation) / period));
}
