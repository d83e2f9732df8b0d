/** The features that only the 1-minute candles have: oscillators, bands, flow, activity, spread. */
import { bollingerPosition, bollingerWidth } from '../indicators/bollinger.ts';
import { cci } from '../indicators/cci.ts';
import { cmf } from '../indicators/cmf.ts';
import { emaOf } from '../indicators/ema.ts';
import { macdHistogramOf } from '../indicators/macd.ts';
import { mfi } from '../indicators/mfi.ts';
import { obvSlope } from '../indicators/obv-slope.ts';
import { realisedVolatility } from '../indicators/realised-volatility.ts';
import { roc } from '../indicators/roc.ts';
import { sma } from '../indicators/sma.ts';
import { stochasticK } from '../indicators/stochastic.ts';
import { williamsR } from '../indicators/williams-r.ts';
import { distance, finite, recent } from '../indicators/window.ts';
import type { FeatureDefinition } from './feature.ts';
import { PERIODS } from './parameters.ts';
import { overClose } from './series-features.ts';
import type { MinuteState, SeriesState } from './state.ts';

type MinuteFeature = Omit<FeatureDefinition, 'read'> & {
  read: (series: SeriesState, minute: MinuteState) => number | null;
};

const { wilder, average, stochasticSmooth, bollingerDeviations } = PERIODS;

const OSCILLATORS: MinuteFeature[] = [
  {
    name: 'macd_hist_1m',
    unit: 'fraction',
    description: 'MACD 12/26/9 histogram over the close',
    needs: 'prices',
    read: ({ close }, { macd }) => overClose(macdHistogramOf(macd, PERIODS.macd), close),
  },
  {
    name: 'stoch_k_1m',
    unit: 'percent',
    description: 'Stochastic %K over 14 candles, smoothed over 3, 0 to 100',
    needs: 'prices',
    read: ({ high, low, close }) => stochasticK(high, low, close, wilder, stochasticSmooth),
  },
  {
    name: `willr_${wilder}_1m`,
    unit: 'percent',
    description: 'Williams %R, -100 to 0',
    needs: 'prices',
    read: ({ high, low, close }) => williamsR(high, low, close, wilder),
  },
  {
    name: `cci_${average}_1m`,
    unit: 'index',
    description: 'Commodity channel index',
    needs: 'prices',
    read: ({ high, low, close }) => cci(high, low, close, average),
  },
  {
    name: `roc_${PERIODS.roc}_1m`,
    unit: 'percent',
    description: 'Rate of change of the close over 10 candles',
    needs: 'prices',
    read: ({ close }) => roc(close, PERIODS.roc),
  },
  {
    name: `sma_distance_${average}_1m`,
    unit: 'fraction',
    description: 'Close over its simple moving average - 1',
    needs: 'prices',
    read: ({ close }) => (close.length === 0 ? null : distance(recent(close), sma(close, average))),
  },
];

const VOLATILITY: MinuteFeature[] = [
  {
    name: `bb_width_${average}_1m`,
    unit: 'fraction',
    description: 'Bollinger bands (2 deviations): upper minus lower band over their middle',
    needs: 'prices',
    read: ({ close }) => bollingerWidth(close, average, bollingerDeviations),
  },
  {
    name: `bb_position_${average}_1m`,
    unit: 'ratio',
    description: 'Bollinger %B: 0 at the lower, 1 at the upper band',
    needs: 'prices',
    read: ({ close }) => bollingerPosition(close, average, bollingerDeviations),
  },
  {
    name: `realised_vol_${average}_1m`,
    unit: 'fraction',
    description: 'Root of the mean squared log return of 20 candles, per candle',
    needs: 'prices',
    read: ({ close }) => realisedVolatility(close, average),
  },
  {
    name: 'realised_vol_ratio_1m',
    unit: 'ratio',
    description: 'Realised volatility of 20 candles over its exponential average of 120',
    needs: 'prices',
    read: ({ close }, { variance }) =>
      overUsual(realisedVolatility(close, average), root(emaOf(variance, PERIODS.longVolatility))),
  },
];

const FLOW: MinuteFeature[] = [
  {
    name: `obv_slope_${average}_1m`,
    unit: 'ratio',
    description: 'Slope of on-balance volume per candle, in units of the mean volume',
    needs: 'volume',
    read: ({ close, volume }) => obvSlope(close, volume, average),
  },
  {
    name: `mfi_${wilder}_1m`,
    unit: 'index',
    description: 'Money flow index, 0 to 100',
    needs: 'volume',
    read: ({ high, low, close, volume }) => mfi(high, low, close, volume, wilder),
  },
  {
    name: `cmf_${average}_1m`,
    unit: 'fraction',
    description: 'Chaikin money flow, -1 to 1',
    needs: 'volume',
    read: ({ high, low, close, volume }) => cmf(high, low, close, volume, average),
  },
  {
    name: 'intensity_1m',
    unit: 'ratio',
    description: 'Ticks of the candle over their exponential average of 60 candles',
    needs: 'prices',
    read: (_, { last, usualTicks }) => overUsual(last[0], emaOf(usualTicks, PERIODS.usualActivity)),
  },
  {
    name: 'spread_bps_1m',
    unit: 'bps',
    description: 'Mean quoted spread in the candle over the mid price',
    needs: 'quotes',
    read: (_, { last }) => (last[1] === null ? null : finite(10_000 * last[1])),
  },
  {
    name: 'spread_ratio_1m',
    unit: 'ratio',
    description: 'Quoted spread of the candle over its exponential average of 60 candles',
    needs: 'quotes',
    read: (_, { last, usualSpread }) =>
      overUsual(last[1], emaOf(usualSpread, PERIODS.usualActivity)),
  },
  {
    name: 'gap_1m',
    unit: 'minutes',
    description: 'Minutes without a candle just before this one, at most 60',
    needs: 'prices',
    // Without the limit a weekend would be thousands, and dwarf all that it is compared with.
    read: (_, { last }) => (last[2] === null ? null : Math.min(last[2], PERIODS.gapMinutes)),
  },
];

export const MINUTE_FEATURES: readonly FeatureDefinition[] = [
  ...OSCILLATORS,
  ...VOLATILITY,
  ...FLOW,
].map(({ name, unit, description, needs, read }) => ({
  name,
  unit,
  description,
  needs,
  read: (state) => read(state.series['1m'], state.minute),
}));

const root = (value: number | null): number | null => (value === null ? null : Math.sqrt(value));

const overUsual = (value: number | null, usual: number | null): number | null =>
  value === null || usual === null ? null : finite(value / usual);
