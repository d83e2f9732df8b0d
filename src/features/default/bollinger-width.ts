/** How wide John Bollinger's bands are. */
import { bandWidth } from '../../indicators/bollinger.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average, bollingerDeviations } = PERIODS;

export const bollingerWidth: TimeframeFeature<'1m'> = {
  name: `bb_width_${average}_1m`,
  timeframe: '1m',
  unit: 'fraction',
  description: 'Bollinger bands (2 deviations): upper minus lower band over their middle',
  needs: 'prices',
  value: ({ columns: { mean, deviation } }) => bandWidth(mean, bollingerDeviations * deviation),
};
