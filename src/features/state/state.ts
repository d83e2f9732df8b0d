/**
 * closed candles -> the state that all features are read from
 *
 * One small state for each timeframe: windows of the newest candles, recursive averages, and what
 * only the last candle could show. It is plain data (arrays of numbers and null), changes in place
 * with each closed candle, and holds nothing that time alone would change. A deep copy is a
 * snapshot; a state restored from one gives the same values from then on.
 */
import { candleEndTs, candleVwap, type ClosedCandle, type Timeframe } from '../../domain/candle.ts';
import { US_PER_MIN } from '../../domain/time.ts';
import { initAdx, stepAdx, type AdxState } from '../../indicators/adx.ts';
import { stepAtr } from '../../indicators/atr.ts';
import { newest } from '../../indicators/column.ts';
import { initEma, stepEma, type EmaState } from '../../indicators/ema.ts';
import { initMacd, stepMacd, type MacdState } from '../../indicators/macd.ts';
import { initRsi, stepRsi, type RsiState } from '../../indicators/rsi.ts';
import { distance, finite, push, recent } from '../../indicators/window.ts';
import { addClose, addMinute, type Columns, type MinuteColumns } from './columns.ts';
import { PERIODS, WINDOWS } from './parameters.ts';

/** What every timeframe keeps. Windows are oldest first; volume is empty where none is read. */
export interface SeriesState {
  high: number[];
  low: number[];
  close: number[];
  volume: number[];
  rsi: RsiState;
  ema: EmaState;
  atr: EmaState;
  /** Of the last candle: taker buy minus sell over their sum, and close over VWAP - 1. */
  flow: [signedVolume: number | null, vwapDistance: number | null];
}

/** What the 1-minute candles keep besides. */
export interface MinuteState {
  macd: MacdState;
  /** Averages of the squared log return, of the ticks per candle, and of the relative spread. */
  variance: EmaState;
  usualTicks: EmaState;
  usualSpread: EmaState;
  /** Of the last candle; the gap counts whole minutes without a candle just before it. */
  last: [ticks: number, spread: number | null, gap: number | null];
  endTs: number;
  priceSource: ClosedCandle['priceSource'] | null;
}

export interface FeatureState {
  series: Record<Timeframe, SeriesState>;
  minute: MinuteState;
  adx: AdxState;
}

export const initialFeatureState = (): FeatureState => ({
  series: { '1m': initSeries(), '5m': initSeries(), '15m': initSeries(), '1h': initSeries() },
  minute: {
    macd: initMacd(),
    variance: initEma(),
    usualTicks: initEma(),
    usualSpread: initEma(),
    last: [0, null, null],
    endTs: 0,
    priceSource: null,
  },
  adx: initAdx(),
});

/** Takes a closed candle in place. Candles of one timeframe come in the order of their time. */
export function takeCandle(state: FeatureState, columns: Columns, candle: ClosedCandle): void {
  const series = state.series[candle.timeframe];
  if (candle.timeframe === '5m') takeDirection(state.adx, series, candle);
  takeSeries(series, candle);
  if (candle.timeframe === '5m') addClose(columns.direction, series);
  if (candle.timeframe === '1m') {
    addMinute(columns.minute, series);
    takeMinute(state.minute, columns.minute, candle);
  }
}

const initSeries = (): SeriesState => ({
  high: [],
  low: [],
  close: [],
  volume: [],
  rsi: initRsi(),
  ema: initEma(),
  atr: initEma(),
  flow: [null, null],
});

function takeSeries(series: SeriesState, candle: ClosedCandle): void {
  const { high, low, close, buyVolume, sellVolume } = candle;
  const previousClose = series.close.length === 0 ? null : recent(series.close);
  if (previousClose !== null) stepRsi(series.rsi, close - previousClose, PERIODS.wilder);
  stepAtr(series.atr, high, low, previousClose, PERIODS.wilder);
  stepEma(series.ema, close, PERIODS.average);
  const windows = WINDOWS[candle.timeframe];
  push(series.high, high, windows.range);
  push(series.low, low, windows.range);
  push(series.close, close, windows.close);
  push(series.volume, candle.volume, windows.volume);
  series.flow[0] = finite((buyVolume - sellVolume) / (buyVolume + sellVolume));
  series.flow[1] = distance(close, candleVwap(candle));
}

function takeMinute(minute: MinuteState, columns: MinuteColumns, candle: ClosedCandle): void {
  stepMacd(minute.macd, candle.close, PERIODS.macd);
  const squaredReturn = finite(newest(columns.squaredReturn));
  if (squaredReturn !== null) stepEma(minute.variance, squaredReturn, PERIODS.longVolatility);
  // A minute has many more quotes than trades: an average over both would mean neither.
  if (minute.priceSource !== candle.priceSource) minute.usualTicks = initEma();
  minute.priceSource = candle.priceSource;
  stepEma(minute.usualTicks, candle.trades, PERIODS.usualActivity);
  const spread = finite(candle.spreadSum / candle.spreadCount);
  if (spread !== null) stepEma(minute.usualSpread, spread, PERIODS.usualActivity);
  const gap = minute.endTs === 0 ? null : (candle.startTs - minute.endTs) / US_PER_MIN;
  minute.last[0] = candle.trades;
  minute.last[1] = spread;
  minute.last[2] = gap;
  minute.endTs = candleEndTs(candle);
}

/** Reads the windows before this candle is in them, so it runs before `takeSeries`. */
function takeDirection(adx: AdxState, series: SeriesState, candle: ClosedCandle): void {
  if (series.close.length === 0) return;
  const previous = {
    high: recent(series.high),
    low: recent(series.low),
    close: recent(series.close),
  };
  stepAdx(adx, candle, previous, PERIODS.wilder);
}
