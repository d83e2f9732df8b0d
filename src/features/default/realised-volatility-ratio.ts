/** Whether the market moves more than it usually does. */
import { emaValue } from '../../indicators/ema.ts';
import { ratio } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const realisedVolatilityRatio: TimeframeFeature<'1m'> = {
  name: 'realised_vol_ratio_1m',
  timeframe: '1m',
  unit: 'ratio',
  description: 'Realised volatility of 20 candles over its exponential average of 120',
  needs: 'prices',
  value: ({ columns: { volatility }, minute }) => {
    const variance = emaValue(minute.variance, PERIODS.longVolatility);
    return variance === null ? null : ratio(volatility, Math.sqrt(variance));
  },
};
