/** The histogram of Gerald Appel's MACD as a fraction of the close. */
import { macdHistogramValue } from '../../indicators/macd.ts';
import { overClose } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const macdHistogram: TimeframeFeature<'1m'> = {
  name: 'macd_hist_1m',
  timeframe: '1m',
  unit: 'fraction',
  description: 'MACD 12/26/9 histogram over the close',
  needs: 'prices',
  value: ({ minute, series }) =>
    overClose(macdHistogramValue(minute.macd, PERIODS.macd), series.close),
};
