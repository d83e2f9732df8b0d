/**
 * closed candles -> feature values
 *
 * Called for every instant at which candles of any timeframe end. Pure: the values are a function
 * of the candles taken so far and of `endTs`, so nothing that comes later can change them.
 *
 * Beside each state stands what follows from it and need not be worked out again: columns, and the
 * values of the timeframes that close seldom. Whoever changes a state elsewhere makes a new one.
 */
import { assert } from '../assert.ts';
import { endTsOf, type ClosedCandle, type Timeframe } from '../domain/candle.ts';
import { columnsOf, type Columns } from './columns.ts';
import { FEATURES } from './definition.ts';
import { writeDirection } from './direction-features.ts';
import type { Values } from './feature.ts';
import { MINUTE_FEATURES, writeMinute } from './minute-features.ts';
import { SERIES_FEATURE_COUNT, writeSeries } from './series-features.ts';
import { takeCandle, type FeatureState } from './state.ts';
import { TIME_FEATURES, writeTime } from './time-features.ts';

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
): Values {
  const { columns, seldom } = besideOf(state);
  for (const candle of closes) {
    const { timeframe } = candle;
    if (endTsOf(candle) !== endTs) assert(false, `a ${timeframe} candle does not end at ${endTs}`);
    takeCandle(state, columns, candle);
    if (timeframe !== '1m') writeSeldom(seldom, state, columns, timeframe);
  }
  const values = seldom.slice();
  const series = state.series['1m'];
  writeSeries(values, AT['1m'], series);
  writeMinute(values, AT['1m'] + SERIES_FEATURE_COUNT, series, state.minute, columns.minute);
  writeTime(values, AT_TIME, endTs);
  return values;
}

interface Beside {
  readonly columns: Columns;
  /** A row of which only the values of the longer timeframes are filled in. */
  readonly seldom: Values;
}

const BESIDE = new WeakMap<FeatureState, Beside>();

function besideOf(state: FeatureState): Beside {
  const known = BESIDE.get(state);
  if (known !== undefined) return known;
  const beside: Beside = { columns: columnsOf(state), seldom: FEATURES.map(() => null) };
  for (const timeframe of ['5m', '15m', '1h'] as const) {
    writeSeldom(beside.seldom, state, beside.columns, timeframe);
  }
  BESIDE.set(state, beside);
  return beside;
}

/** Where the features of a timeframe, and those of time itself, begin in the set. */
const AT_TIME = FEATURES.length - TIME_FEATURES.length;
const AT: Readonly<Record<Timeframe, number>> = {
  '1m': 0,
  '5m': SERIES_FEATURE_COUNT + MINUTE_FEATURES.length,
  '15m': AT_TIME - 2 * SERIES_FEATURE_COUNT,
  '1h': AT_TIME - SERIES_FEATURE_COUNT,
};

function writeSeldom(
  values: Values,
  state: FeatureState,
  { direction }: Columns,
  timeframe: Exclude<Timeframe, '1m'>,
): void {
  const series = state.series[timeframe];
  const at = AT[timeframe];
  writeSeries(values, at, series);
  if (timeframe !== '5m') return;
  writeDirection(values, at + SERIES_FEATURE_COUNT, series, state.adx, direction);
}
