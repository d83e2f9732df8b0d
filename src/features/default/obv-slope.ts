/** Where Joseph Granville's on-balance volume is going. */
import { obvSlopeFromSteps } from '../../indicators/obv-slope.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average } = PERIODS;

export const obvSlope: TimeframeFeature<'1m'> = {
  name: `obv_slope_${average}_1m`,
  timeframe: '1m',
  unit: 'ratio',
  description: 'Slope of on-balance volume per candle, in units of the mean volume',
  needs: 'volume',
  value: ({ series, columns: { obvStep, volumeSum } }) =>
    series.close.length < average ? null : obvSlopeFromSteps(obvStep, volumeSum, average),
};
