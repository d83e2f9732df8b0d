/** How far the close lies above its exponential moving average. */
import type { Timeframe } from '../../domain/candle.ts';
import { emaValue } from '../../indicators/ema.ts';
import { distance, recent } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average } = PERIODS;

export const emaDistance = <Of extends Timeframe>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `ema_distance_${average}_${timeframe}`,
  timeframe,
  unit: 'fraction',
  description: `Close over its exponential moving average - 1 (${timeframe} candles)`,
  needs: 'prices',
  value: ({ series }) => distance(recent(series.close), emaValue(series.ema, average)),
});
