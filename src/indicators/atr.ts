/**
 * Average true range (Wilder, 1978): Wilder's average of the true range, in units of price.
 *
 * Two seeds are in use. `skip` (Wilder, TA-Lib, Stock.Indicators): the first candle has no previous
 * close, hence no true range. `count`: its high minus low is taken as one, so that the first value
 * comes a candle earlier, and the series converge.
 */
import { emaValue, stepEma, wilderAlpha, type EmaState } from './ema.ts';

export type FirstCandle = 'skip' | 'count';

/** The largest of high - low, |high - previous close|, |low - previous close|. */
export const trueRange = (high: number, low: number, previousClose: number): number =>
  Math.max(high - low, Math.abs(high - previousClose), Math.abs(low - previousClose));

/** Takes the next candle; `previousClose` is null for the first one. The state is an `EmaState`. */
export function stepAtr(
  state: EmaState,
  high: number,
  low: number,
  previousClose: number | null,
  period: number,
  firstCandle: FirstCandle = 'skip',
): void {
  if (previousClose === null && firstCandle === 'skip') return;
  stepEma(state, trueRange(high, low, previousClose ?? low), period, wilderAlpha(period));
}

export const atrValue = (state: EmaState, period: number): number | null => emaValue(state, period);
