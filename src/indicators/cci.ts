/**
 * Commodity channel index (Donald Lambert, 1980): (typical price - its mean) / (0.015 * its mean
 * absolute deviation) over `period` candles. Null while warming up and where nothing deviates.
 */
import { columnMean, newest, type Column } from './column.ts';
import { finite } from './window.ts';

export const typicalPrice = (high: number, low: number, close: number): number =>
  (high + low + close) / 3;

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
    const [top, bottom] = [high[h + i] as number, low[l + i] as number];
    typical.push(typicalPrice(top, bottom, close[c + i] as number));
  }
  return cciFromTypical({ values: Float64Array.from(typical), end: period }, period);
}

/** The same from the typical prices. */
export function cciFromTypical(typical: Column, period: number): number | null {
  const { values, end } = typical;
  const average = columnMean(typical, period);
  let deviation = 0;
  for (let i = end - period; i < end; i++) deviation += Math.abs((values[i] as number) - average);
  return finite((newest(typical) - average) / ((0.015 * deviation) / period));
}
