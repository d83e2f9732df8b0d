/** Donald Lambert's commodity channel index. */
import { cciOf } from '../../indicators/cci.ts';
import type { FeatureOf } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average } = PERIODS;

export const cci: FeatureOf<'1m'> = {
  name: `cci_${average}_1m`,
  timeframe: '1m',
  unit: 'index',
  description: 'Commodity channel index',
  needs: 'prices',
  value: ({ series, columns }) =>
    series.close.length < average ? null : cciOf(columns.typical, average),
};
