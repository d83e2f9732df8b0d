/** %K of George Lane's stochastic oscillator, slow form. */
import { newest, type Column } from '../../indicators/column.ts';
import { finite } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder, stochasticSmooth } = PERIODS;

export const stochasticK: TimeframeFeature<'1m'> = {
  name: 'stoch_k_1m',
  timeframe: '1m',
  unit: 'percent',
  description: 'Stochastic %K over 14 candles, smoothed over 3, 0 to 100',
  needs: 'prices',
  value: ({ series, columns }) =>
    series.close.length < wilder + stochasticSmooth - 1
      ? null
      : finite((100 * sumNewest(columns.place)) / stochasticSmooth),
};

/** Newest first, as the stochastic oscillator sums them. */
function sumNewest(place: Column): number {
  let total = 0;
  for (let back = 0; back < stochasticSmooth; back++) total += newest(place, back);
  return total;
}
