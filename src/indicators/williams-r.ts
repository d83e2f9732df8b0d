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
  return williamsRFromExtremes(recent(close), highest(high, period), lowest(low, period));
}

/** The same from the extremes of the candles. */
export const williamsRFromExtremes = (close: number, top: number, bottom: number): number | null =>
  finite((-100 * (top - close)) / (top - bottom));
