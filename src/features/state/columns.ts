/**
 * What is worked out of a candle once, for as many windows as it will lie in.
 *
 * Columns stand beside the state and are no part of it: made again from the state's windows when a
 * state comes from a checkpoint, they are the same to the bit. A candle is worked out only when it
 * is in the windows.
 */
import { moneyFlow } from '../../indicators/cmf.ts';
import { typicalPrice } from '../../indicators/cci.ts';
import { columnDeviation } from '../../indicators/bollinger.ts';
import { append, columnMean, newColumn, sum, type Column } from '../../indicators/column.ts';
import { fallingPart, risingPart } from '../../indicators/mfi.ts';
import { obvStep } from '../../indicators/obv-slope.ts';
import { logReturn, volatilityFromSum } from '../../indicators/realised-volatility.ts';
import { placeInRange } from '../../indicators/stochastic.ts';
import { highest, lowest, recent, recentOrNaN } from '../../indicators/window.ts';
import { PERIODS } from './parameters.ts';
import type { FeatureState, SeriesState } from './state.ts';

/** Of timeframes with bands and volatility. Numbers are those of the newest candle. */
export interface CloseColumns {
  readonly close: Column;
  readonly squaredReturn: Column;
  /** Of the newest closes, `PERIODS.average` of them; NaN until there are as many. */
  mean: number;
  deviation: number;
  /** The same of their log returns; null where one has no logarithm too. */
  volatility: number | null;
}

export interface MinuteColumns extends CloseColumns {
  readonly typical: Column;
  /** Where the close lies in the range of the candles up to it. */
  readonly place: Column;
  readonly volume: Column;
  readonly obvStep: Column;
  readonly rising: Column;
  readonly falling: Column;
  readonly flow: Column;
  /** Extremes of the newest candles, `PERIODS.wilder` of them; NaN until there are as many. */
  top: number;
  bottom: number;
  /** Sum over `PERIODS.average` candles; NaN until there are as many. */
  volumeSum: number;
}

const { average } = PERIODS;

export interface Columns {
  readonly minute: MinuteColumns;
  readonly direction: CloseColumns;
}

/** The columns of the candles in the windows of `state`. */
export const makeColumns = ({ series }: FeatureState): Columns => ({
  minute: minuteColumns(series['1m']),
  direction: closeColumns(series['5m']),
});

function closeColumns(series: SeriesState): CloseColumns {
  const columns: CloseColumns = {
    close: newColumn(),
    squaredReturn: newColumn(),
    mean: NaN,
    deviation: NaN,
    volatility: null,
  };
  for (let back = series.close.length - 1; back >= 0; back--) addClose(columns, series, back);
  return columns;
}

function minuteColumns(series: SeriesState): MinuteColumns {
  const columns: MinuteColumns = {
    close: newColumn(),
    squaredReturn: newColumn(),
    mean: NaN,
    deviation: NaN,
    volatility: null,
    typical: newColumn(),
    place: newColumn(),
    volume: newColumn(),
    obvStep: newColumn(),
    rising: newColumn(),
    falling: newColumn(),
    flow: newColumn(),
    top: NaN,
    bottom: NaN,
    volumeSum: NaN,
  };
  for (let back = series.close.length - 1; back >= 0; back--) addMinute(columns, series, back);
  return columns;
}

/** Adds the candle `back` places before the newest of the windows. */
export function addClose(columns: CloseColumns, { close }: SeriesState, back = 0): void {
  const now = recent(close, back);
  append(columns.close, now);
  append(columns.squaredReturn, logReturn(now, recentOrNaN(close, back + 1)) ** 2);
  const count = close.length - back;
  if (count < average) return;
  columns.mean = columnMean(columns.close, average);
  columns.deviation = columnDeviation(columns.close, average, columns.mean);
  if (count > average) {
    columns.volatility = volatilityFromSum(sum(columns.squaredReturn, average), average);
  }
}

/** Adds the candle `back` places before the newest of the windows. */
export function addMinute(columns: MinuteColumns, series: SeriesState, back = 0): void {
  addClose(columns, series, back);
  const close = recent(series.close, back);
  const before = recentOrNaN(series.close, back + 1);
  const high = recentOrNaN(series.high, back);
  const low = recentOrNaN(series.low, back);
  const volume = recentOrNaN(series.volume, back);
  const previous = recentOrNaN(series.high, back + 1) + recentOrNaN(series.low, back + 1) + before;
  const prices = high + low + close;
  append(columns.typical, typicalPrice(high, low, close));
  append(columns.volume, volume);
  append(columns.obvStep, obvStep(close, before, volume));
  append(columns.rising, risingPart(prices * volume, prices, previous));
  append(columns.falling, fallingPart(prices * volume, prices, previous));
  append(columns.flow, moneyFlow(high, low, close, volume));
  addPlace(columns, series, back);
  if (series.close.length - back >= average) columns.volumeSum = sum(columns.volume, average);
}

function addPlace(columns: MinuteColumns, { high, low, close }: SeriesState, back: number): void {
  const isReached = high.length - back >= PERIODS.wilder;
  columns.top = isReached ? highest(high, PERIODS.wilder, back) : NaN;
  columns.bottom = isReached ? lowest(low, PERIODS.wilder, back) : NaN;
  append(columns.place, placeInRange(recent(close, back), columns.top, columns.bottom));
}
