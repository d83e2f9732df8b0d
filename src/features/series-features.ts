/** The features that every timeframe has: return, RSI, distance to its average, ATR and flow. */
import type { Timeframe } from '../domain/candle.ts';
import { atrOf } from '../indicators/atr.ts';
import { emaOf } from '../indicators/ema.ts';
import { rsiOf } from '../indicators/rsi.ts';
import { distance, finite, recent } from '../indicators/window.ts';
import type { FeatureDefinition, Values } from './feature.ts';
import { PERIODS } from './parameters.ts';
import type { SeriesState } from './state.ts';

/** The same features over any timeframe, their names ending with it. */
export const seriesFeatures = (timeframe: Timeframe): FeatureDefinition[] =>
  SERIES_FEATURES.map(({ name, unit, description, needs }) => ({
    name: `${name}_${timeframe}`,
    unit,
    description: `${description} (${timeframe} candles)`,
    needs,
  }));

const { wilder, average } = PERIODS;

const SERIES_FEATURES: FeatureDefinition[] = [
  {
    name: 'return',
    unit: 'fraction',
    description: 'Close over the close of the previous candle - 1',
    needs: 'prices',
  },
  {
    name: `rsi_${wilder}`,
    unit: 'index',
    description: 'Relative strength index by Wilder, 0 to 100',
    needs: 'prices',
  },
  {
    name: `ema_distance_${average}`,
    unit: 'fraction',
    description: 'Close over its exponential moving average - 1',
    needs: 'prices',
  },
  {
    name: `atr_${wilder}`,
    unit: 'fraction',
    description: 'Average true range by Wilder over the close; times a price it is absolute',
    needs: 'prices',
  },
  {
    name: 'signed_volume',
    unit: 'fraction',
    description: 'Taker buy volume minus sell volume over their sum in the candle, -1 to 1',
    needs: 'volume',
  },
  {
    name: 'vwap_distance',
    unit: 'fraction',
    description: 'Close over the volume-weighted average price of the candle - 1',
    needs: 'volume',
  },
];

export const SERIES_FEATURE_COUNT = SERIES_FEATURES.length;

/** Writes the values of `seriesFeatures` from `values[at]` on. */
export function writeSeries(values: Values, at: number, series: SeriesState): void {
  const { close, rsi, ema, atr, flow } = series;
  if (close.length === 0) return;
  const price = recent(close);
  values[at] = close.length < 2 ? null : distance(price, recent(close, 1));
  values[at + 1] = rsiOf(rsi, wilder);
  values[at + 2] = distance(price, emaOf(ema, average));
  values[at + 3] = overClose(atrOf(atr, wilder), close);
  values[at + 4] = flow[0];
  values[at + 5] = flow[1];
}

/** A value in units of price as a fraction of the newest close. */
export const overClose = (value: number | null, close: readonly number[]): number | null =>
  value === null ? null : finite(value / recent(close));
