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
    const top = high[h + i] as number;
    const bottom = low[l + i] as number;
    const size = volume[v + i] as number;
    total += size;
    const range = top - bottom;
    if (range > 0) flow += (size * (2 * (close[c + i] as number) - top - bottom)) / range;
  }
  return finite(flow / total);
}
