/** Rate of change of the close. */
import { roc } from '../../indicators/roc.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const WHAT = `Rate of change of the close over ${PERIODS.roc} candles`;

export const rateOfChange = <Of extends '1m' | '5m'>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `roc_${PERIODS.roc}_${timeframe}`,
  timeframe,
  unit: 'percent',
  description: `${WHAT} (${timeframe} candles)`,
  needs: 'prices',
  value: ({ series }) => roc(series.close, PERIODS.roc),
});
