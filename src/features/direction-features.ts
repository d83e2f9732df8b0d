/** The features that only the 5-minute candles have: direction, momentum and volatility. */
import { adxOf, minusDiOf, plusDiOf } from '../indicators/adx.ts';
import { bollingerPosition } from '../indicators/bollinger.ts';
import { realisedVolatility } from '../indicators/realised-volatility.ts';
import { roc } from '../indicators/roc.ts';
import type { FeatureDefinition } from './feature.ts';
import { PERIODS } from './parameters.ts';

const { wilder, average } = PERIODS;

export const DIRECTION_FEATURES: readonly FeatureDefinition[] = [
  {
    name: `adx_${wilder}_5m`,
    unit: 'index',
    description: 'Average directional index by Wilder: strength of the trend, 0 to 100',
    needs: 'prices',
    read: ({ adx }) => adxOf(adx, wilder),
  },
  {
    name: `di_balance_${wilder}_5m`,
    unit: 'percent',
    description: '+DI minus -DI by Wilder: direction of the trend, -100 to 100',
    needs: 'prices',
    read: ({ adx }) => {
      const plus = plusDiOf(adx, wilder);
      const minus = minusDiOf(adx, wilder);
      return plus === null || minus === null ? null : plus - minus;
    },
  },
  {
    name: `roc_${PERIODS.roc}_5m`,
    unit: 'percent',
    description: 'Rate of change of the close over 10 candles (5m candles)',
    needs: 'prices',
    read: ({ series }) => roc(series['5m'].close, PERIODS.roc),
  },
  {
    name: `bb_position_${average}_5m`,
    unit: 'ratio',
    description: 'Bollinger %B: 0 at the lower, 1 at the upper band (5m candles)',
    needs: 'prices',
    read: ({ series }) =>
      bollingerPosition(series['5m'].close, average, PERIODS.bollingerDeviations),
  },
  {
    name: `realised_vol_${average}_5m`,
    unit: 'fraction',
    description: 'Root of the mean squared log return of 20 candles, per candle (5m candles)',
    needs: 'prices',
    read: ({ series }) => realisedVolatility(series['5m'].close, average),
  },
];
