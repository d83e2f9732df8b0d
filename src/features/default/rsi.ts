/** Wilder's relative strength index of any timeframe. */
import type { Timeframe } from '../../domain/candle.ts';
import { rsiValue } from '../../indicators/rsi.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder } = PERIODS;

export const rsi = <Of extends Timeframe>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `rsi_${wilder}_${timeframe}`,
  timeframe,
  unit: 'index',
  description: `Relative strength index by Wilder, 0 to 100 (${timeframe} candles)`,
  needs: 'prices',
  value: ({ series }) => rsiValue(series.rsi, wilder),
});
