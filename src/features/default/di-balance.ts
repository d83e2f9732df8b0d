/** Wilder's +DI minus -DI: which way the trend goes. */
import { minusDi, plusDi } from '../../indicators/adx.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder } = PERIODS;

export const diBalance: TimeframeFeature<'5m'> = {
  name: `di_balance_${wilder}_5m`,
  timeframe: '5m',
  unit: 'percent',
  description: '+DI minus -DI by Wilder: direction of the trend, -100 to 100',
  needs: 'prices',
  value: ({ adx }) => {
    const plus = plusDi(adx, wilder);
    const minus = minusDi(adx, wilder);
    return plus === null || minus === null ? null : plus - minus;
  },
};
