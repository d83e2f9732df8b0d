/** Wilder's average true range as a fraction of the close: what a stop is made of. */
import type { Timeframe } from '../../domain/candle.ts';
import { atrValue } from '../../indicators/atr.ts';
import { overClose } from '../../indicators/window.ts';
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const { wilder } = PERIODS;
const WHAT = 'Average true range by Wilder over the close; times a price it is absolute';

export const atr = <Of extends Timeframe>(timeframe: Of): TimeframeFeature<Of> => ({
  name: `atr_${wilder}_${timeframe}`,
  timeframe,
  unit: 'fraction',
  description: `${WHAT} (${timeframe} candles)`,
  needs: 'prices',
  value: ({ series }) => overClose(atrValue(series.atr, wilder), series.close),
});
