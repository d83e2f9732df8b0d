/**
 * Signals -> the arrows of the chart: one for each candle and direction, however many signals it
 * stands for.
 */
import type { Signal } from './api.ts';
import { seconds } from './format.ts';

export interface Arrow {
  /** Start of the candle in which they were decided, in seconds. */
  readonly time: number;
  readonly isBuy: boolean;
  /** One of them at least was executed. */
  readonly isExecuted: boolean;
  readonly count: number;
}

/** In order of time; `timeframeS` is the length of a candle in seconds. */
export function signalArrows(
  signals: readonly Pick<Signal, 'decided_ts' | 'direction' | 'state'>[],
  timeframeS: number,
): Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const { decided_ts: ts, direction, state } of signals) {
    const time = Math.floor(seconds(ts) / timeframeS) * timeframeS;
    const key = `${time} ${direction}`;
    const before = arrows.get(key);
    arrows.set(key, {
      time,
      isBuy: direction === 'buy',
      isExecuted: state === 'executed' || before?.isExecuted === true,
      count: (before?.count ?? 0) + 1,
    });
  }
  return [...arrows.values()].toSorted((a, b) => a.time - b.time);
}
