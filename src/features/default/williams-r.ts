/** Larry Williams' %R: how far the close lies below the top of its range. */
import { newest } from '../../indicators/column.ts';
import { williamsRFromExtremes } from '../../indicators/williams-r.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const williamsR: TimeframeFeature<'1m'> = {
  name: `willr_${PERIODS.wilder}_1m`,
  timeframe: '1m',
  unit: 'percent',
  description: 'Williams %R, -100 to 0',
  needs: 'prices',
  value: ({ columns: { close, top, bottom } }) => williamsRFromExtremes(newest(close), top, bottom),
};
