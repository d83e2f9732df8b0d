/** The features that only the 1-minute candles have: oscillators, bands, flow, activity, spread. */
import { deviationOf, positionOf, widthOf } from '../indicators/bollinger.ts';
import { cciOf } from '../indicators/cci.ts';
import { cmfOf } from '../indicators/cmf.ts';
import { meanOf, newest, sum, type Column } from '../indicators/column.ts';
import { emaOf } from '../indicators/ema.ts';
import { macdHistogramOf } from '../indicators/macd.ts';
import { mfiOf } from '../indicators/mfi.ts';
import { obvSlopeOf } from '../indicators/obv-slope.ts';
import { volatilityOf } from '../indicators/realised-volatility.ts';
import { roc } from '../indicators/roc.ts';
import { williamsROf } from '../indicators/williams-r.ts';
import { distance, finite } from '../indicators/window.ts';
import type { MinuteColumns } from './columns.ts';
import type { FeatureDefinition, Values } from './feature.ts';
import { PERIODS } from './parameters.ts';
import { overClose } from './series-features.ts';
import type { MinuteState, SeriesState } from './state.ts';

const { wilder, average, stochasticSmooth, bollingerDeviations } = PERIODS;

const OSCILLATORS: FeatureDefinition[] = [
  {
    name: 'macd_hist_1m',
    unit: 'fraction',
    description: 'MACD 12/26/9 histogram over the close',
    needs: 'prices',
  },
  {
    name: 'stoch_k_1m',
    unit: 'percent',
    description: 'Stochastic %K over 14 candles, smoothed over 3, 0 to 100',
    needs: 'prices',
  },
  {
    name: `willr_${wilder}_1m`,
    unit: 'percent',
    description: 'Williams %R, -100 to 0',
    needs: 'prices',
  },
  {
    name: `cci_${average}_1m`,
    unit: 'index',
    description: 'Commodity channel index',
    needs: 'prices',
  },
  {
    name: `roc_${PERIODS.roc}_1m`,
    unit: 'percent',
    description: 'Rate of change of the close over 10 candles',
    needs: 'prices',
  },
];

const BANDS: FeatureDefinition[] = [
  {
    name: `sma_distance_${average}_1m`,
    unit: 'fraction',
    description: 'Close over its simple moving average - 1',
    needs: 'prices',
  },
  {
    name: `bb_width_${average}_1m`,
    unit: 'fraction',
    description: 'Bollinger bands (2 deviations): upper minus lower band over their middle',
    needs: 'prices',
  },
  {
    name: `bb_position_${average}_1m`,
    unit: 'ratio',
    description: 'Bollinger %B: 0 at the lower, 1 at the upper band',
    needs: 'prices',
  },
  {
    name: `realised_vol_${average}_1m`,
    unit: 'fraction',
    description: 'Root of the mean squared log return of 20 candles, per candle',
    needs: 'prices',
  },
  {
    name: 'realised_vol_ratio_1m',
    unit: 'ratio',
    description: 'Realised volatility of 20 candles over its exponential average of 120',
    needs: 'prices',
  },
];

const FLOW: FeatureDefinition[] = [
  {
    name: `obv_slope_${average}_1m`,
    unit: 'ratio',
    description: 'Slope of on-balance volume per candle, in units of the mean volume',
    needs: 'volume',
  },
  {
    name: `mfi_${wilder}_1m`,
    unit: 'index',
    description: 'Money flow index, 0 to 100',
    needs: 'volume',
  },
  {
    name: `cmf_${average}_1m`,
    unit: 'fraction',
    description: 'Chaikin money flow, -1 to 1',
    needs: 'volume',
  },
  {
    name: 'intensity_1m',
    unit: 'ratio',
    description: 'Ticks of the candle over their exponential average of 60 candles',
    needs: 'prices',
  },
  {
    name: 'spread_bps_1m',
    unit: 'bps',
    description: 'Mean quoted spread in the candle over the mid price',
    needs: 'quotes',
  },
  {
    name: 'spread_ratio_1m',
    unit: 'ratio',
    description: 'Quoted spread of the candle over its exponential average of 60 candles',
    needs: 'quotes',
  },
  {
    name: 'gap_1m',
    unit: 'minutes',
    description: 'Minutes without a candle just before this one, at most 60',
    needs: 'prices',
  },
];

export const MINUTE_FEATURES: readonly FeatureDefinition[] = [...OSCILLATORS, ...BANDS, ...FLOW];

/** Writes the values of `MINUTE_FEATURES` from `values[at]` on. */
export function writeMinute(
  values: Values,
  at: number,
  series: SeriesState,
  minute: MinuteState,
  columns: MinuteColumns,
): void {
  const count = series.close.length;
  if (count > 0) {
    writeOscillators(values, at, series, minute, columns);
    writeBands(values, at + OSCILLATORS.length, count, minute, columns);
  }
  writeFlow(values, at + OSCILLATORS.length + BANDS.length, count, minute, columns);
}

function writeOscillators(
  values: Values,
  at: number,
  { close }: SeriesState,
  { macd }: MinuteState,
  columns: MinuteColumns,
): void {
  const count = close.length;
  const price = newest(columns.close);
  const { place, typical, top, bottom } = columns;
  const isPlaced = count >= wilder + stochasticSmooth - 1;
  values[at] = overClose(macdHistogramOf(macd, PERIODS.macd), close);
  values[at + 1] = isPlaced ? finite((100 * placesOf(place)) / stochasticSmooth) : null;
  values[at + 2] = count < wilder ? null : williamsROf(price, top, bottom);
  values[at + 3] = count < average ? null : cciOf(typical, average);
  values[at + 4] = roc(close, PERIODS.roc);
}

function writeBands(
  values: Values,
  at: number,
  count: number,
  { variance }: MinuteState,
  { close, squaredReturn }: MinuteColumns,
): void {
  if (count >= average) {
    const middle = meanOf(close, average);
    const halfWidth = bollingerDeviations * deviationOf(close, average, middle);
    values[at] = distance(newest(close), middle);
    values[at + 1] = widthOf(middle, halfWidth);
    values[at + 2] = positionOf(newest(close), middle, halfWidth);
  }
  if (count > average) {
    const volatility = volatilityOf(sum(squaredReturn, average), average);
    values[at + 3] = volatility;
    values[at + 4] = overUsual(volatility, root(emaOf(variance, PERIODS.longVolatility)));
  }
}

function writeFlow(
  values: Values,
  at: number,
  count: number,
  { last, usualTicks, usualSpread }: MinuteState,
  columns: MinuteColumns,
): void {
  if (count >= average) {
    const volume = sum(columns.volume, average);
    values[at] = obvSlopeOf(columns.obvStep, volume, average);
    values[at + 2] = cmfOf(sum(columns.flow, average), volume);
  }
  if (count > wilder) {
    values[at + 1] = mfiOf(sum(columns.rising, wilder), sum(columns.falling, wilder));
  }
  const [ticks, spread, gap] = last;
  values[at + 3] = overUsual(ticks, emaOf(usualTicks, PERIODS.usualActivity));
  values[at + 4] = spread === null ? null : finite(10_000 * spread);
  values[at + 5] = overUsual(spread, emaOf(usualSpread, PERIODS.usualActivity));
  // Without the limit a weekend would be thousands, and dwarf all that it is compared with.
  values[at + 6] = gap === null ? null : Math.min(gap, PERIODS.gapMinutes);
}

const root = (value: number | null): number | null => (value === null ? null : Math.sqrt(value));

const overUsual = (value: number | null, usual: number | null): number | null =>
  value === null || usual === null ? null : finite(value / usual);

/** Newest first, as the stochastic oscillator sums them. */
function placesOf(place: Column): number {
  let total = 0;
  for (let back = 0; back < stochasticSmooth; back++) total += newest(place, back);
  return total;
}
