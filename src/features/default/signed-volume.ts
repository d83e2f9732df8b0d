/** Who crossed the spread in the last candle: buyers or sellers. */
import type { Timeframe } from '../../domain/candle.ts';
import type { TimeframeFeature } from '../state/feature.ts';

const WHAT = 'Taker buy volume minus sell volume over their sum in the candle, -1 to 1';

export const signedVolume = <Of extends Timeframe>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `signed_volume_${timeframe}`,
  timeframe,
  unit: 'fraction',
  description: `${WHAT} (${timeframe} candles)`,
  needs: 'volume',
  value: ({ series }) => series.flow[0],
});
