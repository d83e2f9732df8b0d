/**
 * Money flow index (Gene Quong and Avrum Soudack), 0 to 100: the share of rising flow in the flow
 * of `period` candles. A candle's flow is typical price * volume; it rises or falls with the
 * typical price, and does not count where that stays. Null while warming up and without any flow.
 */
import { finite } from './window.ts';

export function mfi(
  high: readonly number[],
  low: readonly number[],
  close: readonly number[],
  volume: readonly number[],
  period: number,
): number | null {
  if (close.length <= period) return null;
  const h = high.length - period;
  const l = low.length - period;
  const c = close.length - period;
  const v = volume.length - period;
  let before = (high[h - 1] as number) + (low[l - 1] as number) + (close[c - 1] as number);
  let rising = 0;
  let falling = 0;
  for (let i = 0; i < period; i++) {
    // Three times the typical price: the factor cancels out of the share.
    const typical = (high[h + i] as number) + (low[l + i] as number) + (close[c + i] as number);
    const flow = typical * (volume[v + i] as number);
    rising += risingPart(flow, typical, before);
    falling += fallingPart(flow, typical, before);
    before = typical;
  }
  return mfiFromSums(rising, falling);
}

export const risingPart = (flow: number, typical: number, before: number): number =>
  typical > before ? flow : 0;

export const fallingPart = (flow: number, typical: number, before: number): number =>
  typical < before ? flow : 0;

/** The same from the sums of rising and falling flow. */
export const mfiFromSums = (rising: number, falling: number): number | null =>
  finite((100 * rising) / (rising + falling));
