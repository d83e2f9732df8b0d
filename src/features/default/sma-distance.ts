/** How far the close lies above its simple moving average. */
import { newest } from '../../indicators/column.ts';
import { distance } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const smaDistance: TimeframeFeature<'1m'> = {
  name: `sma_distance_${PERIODS.average}_1m`,
  timeframe: '1m',
  unit: 'fraction',
  description: 'Close over its simple moving average - 1',
  needs: 'prices',
  value: ({ columns: { close, mean } }) => distance(newest(close), mean),
};
