/**
 * Moving average convergence divergence (Gerald Appel): line = EMA(fast) - EMA(slow) of the close,
 * signal = EMA of the line, histogram = line - signal; in units of price.
 */
import { emaValue, initEma, stepEma, type EmaState } from './ema.ts';

export type MacdState = [fast: EmaState, slow: EmaState, signal: EmaState];
export type MacdPeriods = readonly [fast: number, slow: number, signal: number];

export const initMacd = (): MacdState => [initEma(), initEma(), initEma()];

export function stepMacd(state: MacdState, close: number, periods: MacdPeriods): void {
  stepEma(state[0], close, periods[0]);
  stepEma(state[1], close, periods[1]);
  const line = macdLine(state, periods);
  if (line !== null) stepEma(state[2], line, periods[2]);
}

export function macdLine(state: MacdState, periods: MacdPeriods): number | null {
  const fast = emaValue(state[0], periods[0]);
  const slow = emaValue(state[1], periods[1]);
  return fast === null || slow === null ? null : fast - slow;
}

export function macdHistogramValue(state: MacdState, periods: MacdPeriods): number | null {
  const line = macdLine(state, periods);
  const signal = emaValue(state[2], periods[2]);
  return line === null || signal === null ? null : line - signal;
}
