/** Wilder's relative strength index of any timeframe. */
import type { Timeframe } from '../../domain/candle.ts';
import { rsiOf } from '../../indicators/rsi.ts';
import type { FeatureOf } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder } = PERIODS;

export const rsi = <Of extends Timeframe>(timeframe: Of): FeatureOf<Of> => ({
  name: `rsi_${wilder}_${timeframe}`,
  timeframe,
  unit: 'index',
  description: `Relative strength index by Wilder, 0 to 100 (${timeframe} candles)`,
  needs: 'prices',
  value: ({ series }) => rsiOf(series.rsi, wilder),
});
