/** Simple moving average: the mean of the last `period` values. Null until there are as many. */
import { mean } from './window.ts';

export const sma = (window: readonly number[], period: number): number | null =>
  window.length < period ? null : mean(window, period);
