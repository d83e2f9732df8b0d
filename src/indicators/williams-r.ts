/**
 * Williams %R (Larry Williams), -100 to 0: how far the close lies below the highest high of
 * `period` candles, in percent of their range. Null while warming up and where the range is empty.
 */
import { finite, highest, lowest, recent } from './window.ts';

export function williamsR(
  high: readonly number[],
  low: readonly number[],
  close: readonly number[],
  period: number,
): number | null {
  if (close.length < period) return null;
  const top = highest(high, period);
  return finite((-100 * (top - recent(close))) / (top - lowest(low, period)));
}
