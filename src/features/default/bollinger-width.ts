/** How wide John Bollinger's bands are. */
import { widthOf } from '../../indicators/bollinger.ts';
import type { FeatureOf } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average, bollingerDeviations } = PERIODS;

export const bollingerWidth: FeatureOf<'1m'> = {
  name: `bb_width_${average}_1m`,
  timeframe: '1m',
  unit: 'fraction',
  description: 'Bollinger bands (2 deviations): upper minus lower band over their middle',
  needs: 'prices',
  value: ({ columns: { mean, deviation } }) => widthOf(mean, bollingerDeviations * deviation),
};
