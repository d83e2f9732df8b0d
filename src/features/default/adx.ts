/** Wilder's average directional index: how strong the trend is, whichever way it goes. */
import { adxValue } from '../../indicators/adx.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const adx: TimeframeFeature<'5m'> = {
  name: `adx_${PERIODS.wilder}_5m`,
  timeframe: '5m',
  unit: 'index',
  description: 'Average directional index by Wilder: strength of the trend, 0 to 100',
  needs: 'prices',
  value: (reading) => adxValue(reading.adx, PERIODS.wilder),
};
