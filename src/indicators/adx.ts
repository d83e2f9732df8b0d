/**
 * Directional movement (Wilder, 1978). +DI and -DI, 0 to 100: Wilder's averages of the upward and
 * downward movement in percent of that of the true range; DX = 100 * |+DI - -DI| / (+DI + -DI);
 * ADX = Wilder's average of DX. Without any movement DX is 0.
 */
import { trueRange } from './atr.ts';
import { emaValue, initEma, stepEma, wilderAlpha, type EmaState } from './ema.ts';
import { finite } from './window.ts';

export type AdxState = [range: EmaState, plus: EmaState, minus: EmaState, dx: EmaState];

interface Prices {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export const initAdx = (): AdxState => [initEma(), initEma(), initEma(), initEma()];

/** Takes a candle and the one before it. The very first candle has none and is not a step. */
export function stepAdx(state: AdxState, candle: Prices, previous: Prices, period: number): void {
  const alpha = wilderAlpha(period);
  const up = candle.high - previous.high;
  const down = previous.low - candle.low;
  stepEma(state[0], trueRange(candle.high, candle.low, previous.close), period, alpha);
  stepEma(state[1], up > down && up > 0 ? up : 0, period, alpha);
  stepEma(state[2], down > up && down > 0 ? down : 0, period, alpha);
  const plus = emaValue(state[1], period);
  const minus = emaValue(state[2], period);
  if (plus === null || minus === null) return;
  const both = plus + minus;
  stepEma(state[3], both > 0 ? (100 * Math.abs(plus - minus)) / both : 0, period, alpha);
}

export const plusDi = (state: AdxState, period: number): number | null =>
  percentOfRange(state, state[1], period);

export const minusDi = (state: AdxState, period: number): number | null =>
  percentOfRange(state, state[2], period);

export const adxValue = (state: AdxState, period: number): number | null =>
  emaValue(state[3], period);

function percentOfRange(state: AdxState, movement: EmaState, period: number): number | null {
  const range = emaValue(state[0], period);
  const average = emaValue(movement, period);
  return range === null || average === null ? null : finite((100 * average) / range);
}
