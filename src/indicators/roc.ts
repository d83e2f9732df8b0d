/**
 * Rate of change in percent: 100 * (close / close `period` candles before - 1).
 * Null until there are period + 1 closes.
 */
import { finite, recent } from './window.ts';

export const roc = (close: readonly number[], period: number): number | null =>
  close.length <= period ? null : finite(100 * (recent(close) / recent(close, period) - 1));
