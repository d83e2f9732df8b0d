/** Donald Lambert's commodity channel index. */
import { cciFromTypical } from '../../indicators/cci.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average } = PERIODS;

export const cci: TimeframeFeature<'1m'> = {
  name: `cci_${average}_1m`,
  timeframe: '1m',
  unit: 'index',
  description: 'Commodity channel index',
  needs: 'prices',
  value: ({ series, columns }) =>
    series.close.length < average ? null : cciFromTypical(columns.typical, average),
};
