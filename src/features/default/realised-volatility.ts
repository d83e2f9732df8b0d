/** How much the close moved from candle to candle. */
import type { TimeframeFeature } from '../state/feature.ts';
import { PERIODS } from '../state/parameters.ts';

const WHAT = `Root of the mean squared log return of ${PERIODS.average} candles, per candle`;

export const realisedVolatility = <Of extends '1m' | '5m'>(
  timeframe: Of,
): TimeframeFeature<Of> => ({
  name: `realised_vol_${PERIODS.average}_${timeframe}`,
  timeframe,
  unit: 'fraction',
  description: `${WHAT} (${timeframe} candles)`,
  needs: 'prices',
  value: ({ columns }) => columns.volatility,
});
