/** Marc Chaikin's money flow. */
import { cmfFromSums } from '../../indicators/cmf.ts';
import { sum } from '../../indicators/column.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average } = PERIODS;

export const cmf: TimeframeFeature<'1m'> = {
  name: `cmf_${average}_1m`,
  timeframe: '1m',
  unit: 'fraction',
  description: 'Chaikin money flow, -1 to 1',
  needs: 'volume',
  value: ({ series, columns: { flow, volumeSum } }) =>
    series.close.length < average ? null : cmfFromSums(sum(flow, average), volumeSum),
};
