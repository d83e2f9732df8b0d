/** Whether it costs more than usual to cross the market. */
import { emaValue } from '../../indicators/ema.ts';
import { ratio } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const spreadRatio: TimeframeFeature<'1m'> = {
  name: 'spread_ratio_1m',
  timeframe: '1m',
  unit: 'ratio',
  description: 'Quoted spread of the candle over its exponential average of 60 candles',
  needs: 'quotes',
  value: ({ minute: { last, usualSpread } }) =>
    ratio(last[1], emaValue(usualSpread, PERIODS.usualActivity)),
};
