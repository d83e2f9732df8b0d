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
import { candleEndTs, type ClosedCandle, type Timeframe } from '../domain/candle.ts';
import { FEATURES } from './definition.ts';
import { makeColumns, type Columns } from './state/columns.ts';
import type { Readings, Values } from './state/feature.ts';
import { takeCandle, type FeatureState } from './state/state.ts';

export { initialFeatureState, type FeatureState } from './state/state.ts';

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
  const { columns, readings, seldom } = derivedState(state);
  for (const candle of closes) {
    const { timeframe } = candle;
    if (candleEndTs(candle) !== endTs)
      assert(false, `a ${timeframe} candle does not end at ${endTs}`);
    takeCandle(state, columns, candle);
    if (timeframe !== '1m') write(seldom, timeframe, readings);
  }
  const values = seldom.slice();
  write(values, '1m', readings);
  writeMoment(values, endTs);
  return values;
}

interface Derived {
  readonly columns: Columns;
  readonly readings: Omit<Readings, 'moment'>;
  /** A row of which only the values of the longer timeframes are filled in. */
  readonly seldom: Values;
}

const DERIVED = new WeakMap<FeatureState, Derived>();

function derivedState(state: FeatureState): Derived {
  const known = DERIVED.get(state);
  if (known !== undefined) return known;
  const columns = makeColumns(state);
  const readings = makeReadings(state, columns);
  const derived: Derived = { columns, readings, seldom: FEATURES.map(() => null) };
  for (const timeframe of ['5m', '15m', '1h'] as const) {
    write(derived.seldom, timeframe, readings);
  }
  DERIVED.set(state, derived);
  return derived;
}

const makeReadings = (
  { series, minute, adx }: FeatureState,
  columns: Columns,
): Omit<Readings, 'moment'> => ({
  '1m': { series: series['1m'], columns: columns.minute, minute },
  '5m': { series: series['5m'], columns: columns.direction, adx },
  '15m': { series: series['15m'] },
  '1h': { series: series['1h'] },
});

type Write<Reading> = (row: Values, reading: Reading) => void;

/** As many values are read by one function as the compiler puts into it without a call. */
const TOGETHER = 6;

/**
 * What writes the values of a timeframe into their places in the row.
 *
 * Made as text, one line a feature, because a line that always calls the same function is compiled
 * with it: a loop over the functions takes an eighth more time for a row (measured).
 */
function makeWriters<Of extends keyof Readings>(of: Of): Write<Readings[Of]>[] {
  const own = FEATURES.filter((feature) => feature.timeframe === of);
  const writers: Write<Readings[Of]>[] = [];
  for (let from = 0; from < own.length; from += TOGETHER) {
    const some = own.slice(from, from + TOGETHER);
    const names = some.map((_, i) => `value${i}`);
    const lines = some.map(
      (feature, i) => `row[${FEATURES.indexOf(feature)}] = value${i}(reading);`,
    );
    // oxlint-disable-next-line typescript/no-implied-eval -- numbers of our own, no text of others
    const make = new Function(...names, `return (row, reading) => { ${lines.join(' ')} }`);
    writers.push(make(...some.map(({ value }) => value)) as Write<Readings[Of]>);
  }
  return writers;
}

const WRITERS = {
  '1m': makeWriters('1m'),
  '5m': makeWriters('5m'),
  '15m': makeWriters('15m'),
  '1h': makeWriters('1h'),
};
const MOMENT_WRITERS = makeWriters('moment');

/** Nothing of a timeframe that has no candle yet. */
function write(row: Values, timeframe: Timeframe, readings: Derived['readings']): void {
  const reading = readings[timeframe];
  if (reading.series.close.length === 0) return;
  for (const writer of WRITERS[timeframe] as Write<typeof reading>[]) writer(row, reading);
}

function writeMoment(row: Values, ts: number): void {
  for (const writer of MOMENT_WRITERS) writer(row, ts);
}
