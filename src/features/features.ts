/**
 * closed candles -> feature values
 *
 * Called for every instant at which candles of any timeframe end. Pure: the values are a function
 * of the candles taken so far and of `endTs`, so nothing that comes later can change them.
 */
import { assert } from '../assert.ts';
import { endTsOf, type ClosedCandle } from '../domain/candle.ts';
import { FEATURES } from './definition.ts';
import { takeCandle, type FeatureState } from './state.ts';

export { initialFeatureState, type FeatureState } from './state.ts';

/**
 * Takes the candles that end at `endTs`, changing `state` in place, and returns the values then.
 *
 * @param closes all candles that end at `endTs`, at most one of each timeframe, smallest first
 * @param endTs microseconds; rises from call to call
 * @returns a fresh array in the order of `FEATURES`; null where not yet or not at all computable
 */
export function updateFeatures(
  state: FeatureState,
  closes: readonly ClosedCandle[],
  endTs: number,
): (number | null)[] {
  for (const candle of closes) {
    assert(endTsOf(candle) === endTs, `a ${candle.timeframe} candle does not end at ${endTs}`);
    takeCandle(state, candle);
  }
  return readFeatures(state, endTs);
}

/** The values as the state has them at `endTs`, in the order of `FEATURES`. */
export const readFeatures = (state: FeatureState, endTs: number): (number | null)[] =>
  FEATURES.map(({ read }) => read(state, endTs));
