/**
 * Relative strength index, 0 to 100: 100 * U / (U + D), where U and D are Wilder's averages of the
 * gains and losses from close to close (Wilder, 1978; seeded with the mean of the first `period`).
 * Null while warming up, and when nothing moved at all.
 */
import { emaValue, initEma, stepEma, wilderAlpha, type EmaState } from './ema.ts';
import { finite } from './window.ts';

export type RsiState = [gain: EmaState, loss: EmaState];

export const initRsi = (): RsiState => [initEma(), initEma()];

/** Takes the change from the previous close to this one. */
export function stepRsi(state: RsiState, change: number, period: number): void {
  stepEma(state[0], Math.max(change, 0), period, wilderAlpha(period));
  stepEma(state[1], Math.max(-change, 0), period, wilderAlpha(period));
}

export function rsiValue(state: RsiState, period: number): number | null {
  const gain = emaValue(state[0], period);
  const loss = emaValue(state[1], period);
  return gain === null || loss === null ? null : finite((100 * gain) / (gain + loss));
}
