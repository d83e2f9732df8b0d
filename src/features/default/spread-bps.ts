/** What it costs to cross the market. */
import { finite } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';

export const spreadBps: TimeframeFeature<'1m'> = {
  name: 'spread_bps_1m',
  timeframe: '1m',
  unit: 'bps',
  description: 'Mean quoted spread in the candle over the mid price',
  needs: 'quotes',
  value: ({ minute: { last } }) => (last[1] === null ? null : finite(10_000 * last[1])),
};
