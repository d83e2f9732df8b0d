/**
 * The numbers behind the default feature set, and which candles each timeframe has to remember for
 * them. All of it is part of the set's hash: a change makes another feature set.
 */
import type { Timeframe } from '../../domain/candle.ts';
import type { MacdPeriods } from '../../indicators/macd.ts';

/** Raised by hand when code changes a value and no parameter or name says so. */
export const CODE_VERSION = 1;

/** Periods are counted in candles of the feature's own timeframe. */
export const PERIODS = {
  wilder: 14,
  stochasticSmooth: 3,
  roc: 10,
  average: 20,
  macd: [12, 26, 9] as MacdPeriods,
  bollingerDeviations: 2,
  longVolatility: 120,
  usualActivity: 60,
  gapMinutes: 60,
} as const;

/** How many of the newest values of each kind are kept. */
export interface Windows {
  readonly range: number;
  readonly close: number;
  readonly volume: number;
}

/** Only what is read is kept: state is written to PostgreSQL for every instrument. */
export const WINDOWS: Readonly<Record<Timeframe, Windows>> = {
  '1m': { range: 20, close: 21, volume: 20 },
  '5m': { range: 1, close: 21, volume: 0 },
  '15m': { range: 0, close: 2, volume: 0 },
  '1h': { range: 0, close: 2, volume: 0 },
};
