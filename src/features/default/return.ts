/** How far the close moved since the previous candle of its timeframe. */
import type { Timeframe } from '../../domain/candle.ts';
import { distance, recent } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';

export const lastReturn = <Of extends Timeframe>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `return_${timeframe}`,
  timeframe,
  unit: 'fraction',
  description: `Close over the close of the previous candle - 1 (${timeframe} candles)`,
  needs: 'prices',
  value: ({ series: { close } }) =>
    close.length < 2 ? null : distance(recent(close), recent(close, 1)),
});
