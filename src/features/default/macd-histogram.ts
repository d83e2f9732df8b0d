/** The histogram of Gerald Appel's MACD as a fraction of the close. */
import { macdHistogramOf } from '../../indicators/macd.ts';
import { overClose } from '../../indicators/window.ts';
import type { FeatureOf } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const macdHistogram: FeatureOf<'1m'> = {
  name: 'macd_hist_1m',
  timeframe: '1m',
  unit: 'fraction',
  description: 'MACD 12/26/9 histogram over the close',
  needs: 'prices',
  value: ({ minute, series }) =>
    overClose(macdHistogramOf(minute.macd, PERIODS.macd), series.close),
};
