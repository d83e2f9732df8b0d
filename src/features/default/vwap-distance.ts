/** How far the close lies above the average price that was paid in the last candle. */
import type { Timeframe } from '../../domain/candle.ts';
import type { TimeframeFeature } from '../state/feature.ts';

const WHAT = 'Close over the volume-weighted average price of the candle - 1';

export const vwapDistance = <Of extends Timeframe>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `vwap_distance_${timeframe}`,
  timeframe,
  unit: 'fraction',
  description: `${WHAT} (${timeframe} candles)`,
  needs: 'volume',
  value: ({ series }) => series.flow[1],
});
