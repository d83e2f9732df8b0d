/** Wilder's +DI minus -DI: which way the trend goes. */
import { minusDiOf, plusDiOf } from '../../indicators/adx.ts';
import type { FeatureOf } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder } = PERIODS;

export const diBalance: FeatureOf<'5m'> = {
  name: `di_balance_${wilder}_5m`,
  timeframe: '5m',
  unit: 'percent',
  description: '+DI minus -DI by Wilder: direction of the trend, -100 to 100',
  needs: 'prices',
  value: ({ adx }) => {
    const plus = plusDiOf(adx, wilder);
    const minus = minusDiOf(adx, wilder);
    return plus === null || minus === null ? null : plus - minus;
  },
};
