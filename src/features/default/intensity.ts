/** Whether there are more ticks than usual. */
import { emaValue } from '../../indicators/ema.ts';
import { ratio } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const intensity: TimeframeFeature<'1m'> = {
  name: 'intensity_1m',
  timeframe: '1m',
  unit: 'ratio',
  description: 'Ticks of the candle over their exponential average of 60 candles',
  needs: 'prices',
  value: ({ minute: { last, usualTicks } }) =>
    ratio(last[0], emaValue(usualTicks, PERIODS.usualActivity)),
};
