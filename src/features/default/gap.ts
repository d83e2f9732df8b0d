/** How long the market was silent before the last candle. */
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

export const gap: TimeframeFeature<'1m'> = {
  name: 'gap_1m',
  timeframe: '1m',
  unit: 'minutes',
  description: 'Minutes without a candle just before this one, at most 60',
  needs: 'prices',
  // Without the limit a weekend would be thousands, and dwarf all that it is compared with.
  value: ({ minute: { last } }) =>
    last[2] === null ? null : Math.min(last[2], PERIODS.gapMinutes),
};
