/** Where the close lies between John Bollinger's bands. */
import { bandPosition } from '../../indicators/bollinger.ts';
import { newest } from '../../indicators/column.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { average, bollingerDeviations } = PERIODS;

export const bollingerPosition = <Of extends '1m' | '5m'>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `bb_position_${average}_${timeframe}`,
  timeframe,
  unit: 'ratio',
  description: `Bollinger %B: 0 at the lower, 1 at the upper band (${timeframe} candles)`,
  needs: 'prices',
  value: ({ columns: { close, mean, deviation } }) =>
    bandPosition(newest(close), mean, bollingerDeviations * deviation),
});
