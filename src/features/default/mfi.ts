/** Quong and Soudack's money flow index. */
import { sum } from '../../indicators/column.ts';
import { mfiFromSums } from '../../indicators/mfi.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder } = PERIODS;

export const mfi: TimeframeFeature<'1m'> = {
  name: `mfi_${wilder}_1m`,
  timeframe: '1m',
  unit: 'index',
  description: 'Money flow index, 0 to 100',
  needs: 'volume',
  value: ({ series, columns: { rising, falling } }) =>
    series.close.length <= wilder ? null : mfiFromSums(sum(rising, wilder), sum(falling, wilder)),
};
