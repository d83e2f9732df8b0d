/**
 * Chaikin money flow (Marc Chaikin), -1 to 1: sum of volume * ((close - low) - (high - close)) /
 * (high - low) over `period` candles, divided by their volume. A candle without range counts 0.
 * Null while warming up and without volume.
 */
import { finite } from './window.ts';

export function cmf(
  high: readonly number[],
  low: readonly number[],
  close: readonly number[],
  volume: readonly number[],
  period: number,
): number | null {
  if (close.length < period) return null;
  const h = high.length - period;
  const l = low.length - period;
  const c = close.length - period;
  const v = volume.length - period;
  let flow = 0;
  let total = 0;
  for (let i = 0; i < period; i++) {
    const size = volume[v + i] as number;
    total += size;
    flow += moneyFlow(high[h + i] as number, low[l + i] as number, close[c + i] as number, size);
  }
  return cmfFromSums(flow, total);
}

/** The part of a candle's volume by which its close lies nearer to the high than to the low. */
export function moneyFlow(high: number, low: number, close: number, volume: number): number {
  const range = high - low;
  return range > 0 ? (volume * (2 * close - high - low)) / range : 0;
}

/** The same from the sums of flow and volume. */
export const cmfFromSums = (flow: number, volume: number): number | null => finite(flow / volume);
