/** The features that only the 5-minute candles have: direction, momentum and volatility. */
import { adxOf, minusDiOf, plusDiOf, type AdxState } from '../indicators/adx.ts';
import { deviationOf, positionOf } from '../indicators/bollinger.ts';
import { meanOf, newest, sum } from '../indicators/column.ts';
import { volatilityOf } from '../indicators/realised-volatility.ts';
import { roc } from '../indicators/roc.ts';
import type { CloseColumns } from './columns.ts';
import type { FeatureDefinition, Values } from './feature.ts';
import { PERIODS } from './parameters.ts';
import type { SeriesState } from './state.ts';

const { wilder, average } = PERIODS;

export const DIRECTION_FEATURES: readonly FeatureDefinition[] = [
  {
    name: `adx_${wilder}_5m`,
    unit: 'index',
    description: 'Average directional index by Wilder: strength of the trend, 0 to 100',
    needs: 'prices',
  },
  {
    name: `di_balance_${wilder}_5m`,
    unit: 'percent',
    description: '+DI minus -DI by Wilder: direction of the trend, -100 to 100',
    needs: 'prices',
  },
  {
    name: `roc_${PERIODS.roc}_5m`,
    unit: 'percent',
    description: 'Rate of change of the close over 10 candles (5m candles)',
    needs: 'prices',
  },
  {
    name: `bb_position_${average}_5m`,
    unit: 'ratio',
    description: 'Bollinger %B: 0 at the lower, 1 at the upper band (5m candles)',
    needs: 'prices',
  },
  {
    name: `realised_vol_${average}_5m`,
    unit: 'fraction',
    description: 'Root of the mean squared log return of 20 candles, per candle (5m candles)',
    needs: 'prices',
  },
];

/** Writes the values of `DIRECTION_FEATURES` from `values[at]` on. */
export function writeDirection(
  values: Values,
  at: number,
  series: SeriesState,
  adx: AdxState,
  { close, squaredReturn }: CloseColumns,
): void {
  const count = series.close.length;
  values[at] = adxOf(adx, wilder);
  const plus = plusDiOf(adx, wilder);
  const minus = minusDiOf(adx, wilder);
  values[at + 1] = plus === null || minus === null ? null : plus - minus;
  values[at + 2] = roc(series.close, PERIODS.roc);
  if (count >= average) {
    const middle = meanOf(close, average);
    const halfWidth = PERIODS.bollingerDeviations * deviationOf(close, average, middle);
    values[at + 3] = positionOf(newest(close), middle, halfWidth);
  }
  if (count > average) values[at + 4] = volatilityOf(sum(squaredReturn, average), average);
}
