/** The features that every timeframe has: return, RSI, distance to its average, ATR and flow. */
import type { Timeframe } from '../domain/candle.ts';
import { atrOf } from '../indicators/atr.ts';
import { emaOf } from '../indicators/ema.ts';
import { rsiOf } from '../indicators/rsi.ts';
import { distance, finite, recent } from '../indicators/window.ts';
import type { FeatureDefinition } from './feature.ts';
import { PERIODS } from './parameters.ts';
import type { SeriesState } from './state.ts';

type SeriesFeature = Omit<FeatureDefinition, 'read'> & {
  read: (series: SeriesState) => number | null;
};

/** The same features over any timeframe, their names ending with it. */
export const seriesFeatures = (timeframe: Timeframe): FeatureDefinition[] =>
  SERIES_FEATURES.map(({ name, unit, description, needs, read }) => ({
    name: `${name}_${timeframe}`,
    unit,
    description: `${description} (${timeframe} candles)`,
    needs,
    read: (state) => read(state.series[timeframe]),
  }));

const { wilder, average } = PERIODS;

const SERIES_FEATURES: SeriesFeature[] = [
  {
    name: 'return',
    unit: 'fraction',
    description: 'Close over the close of the previous candle - 1',
    needs: 'prices',
    read: ({ close }) => (close.length < 2 ? null : distance(recent(close), recent(close, 1))),
  },
  {
    name: `rsi_${wilder}`,
    unit: 'index',
    description: 'Relative strength index by Wilder, 0 to 100',
    needs: 'prices',
    read: ({ rsi }) => rsiOf(rsi, wilder),
  },
  {
    name: `ema_distance_${average}`,
    unit: 'fraction',
    description: 'Close over its exponential moving average - 1',
    needs: 'prices',
    read: ({ close, ema }) =>
      close.length === 0 ? null : distance(recent(close), emaOf(ema, average)),
  },
  {
    name: `atr_${wilder}`,
    unit: 'fraction',
    description: 'Average true range by Wilder over the close; times a price it is absolute',
    needs: 'prices',
    read: ({ close, atr }) => overClose(atrOf(atr, wilder), close),
  },
  {
    name: 'signed_volume',
    unit: 'fraction',
    description: 'Taker buy volume minus sell volume over their sum in the candle, -1 to 1',
    needs: 'volume',
    read: ({ flow }) => flow[0],
  },
  {
    name: 'vwap_distance',
    unit: 'fraction',
    description: 'Close over the volume-weighted average price of the candle - 1',
    needs: 'volume',
    read: ({ flow }) => flow[1],
  },
];

/** A value in units of price as a fraction of the newest close. */
export const overClose = (value: number | null, close: readonly number[]): number | null =>
  value === null ? null : finite(value / recent(close));
