/**
 * The default feature set: its features in the order in which their values are published.
 *
 * A feature describes the last closed candle of the timeframe in its name and keeps its value until
 * the next one closes. A return compares with the close of that timeframe's previous candle: an
 * interval without a tick has no candle, and the last price before it still stood at its end, so
 * this is the return since the last price known one timeframe earlier. Every other period counts
 * candles, not time.
 *
 * Features have no price scale: what an indicator gives in units of price is divided by the close.
 * That holds for `atr_14_*` too: the absolute ATR that a stop is made of is this value times the
 * price at hand.
 */
import { createHash } from 'node:crypto';
import { adx } from './default/adx.ts';
import { atr } from './default/atr.ts';
import { bollingerPosition } from './default/bollinger-position.ts';
import { bollingerWidth } from './default/bollinger-width.ts';
import { cci } from './default/cci.ts';
import { cmf } from './default/cmf.ts';
import { dayOfWeek } from './default/day-of-week.ts';
import { diBalance } from './default/di-balance.ts';
import { emaDistance } from './default/ema-distance.ts';
import { gap } from './default/gap.ts';
import { intensity } from './default/intensity.ts';
import { macdHistogram } from './default/macd-histogram.ts';
import { mfi } from './default/mfi.ts';
import { minuteOfDay } from './default/minute-of-day.ts';
import { obvSlope } from './default/obv-slope.ts';
import { realisedVolatilityRatio } from './default/realised-volatility-ratio.ts';
import { realisedVolatility } from './default/realised-volatility.ts';
import { lastReturn } from './default/return.ts';
import { rateOfChange } from './default/roc.ts';
import { rsi } from './default/rsi.ts';
import { signedVolume } from './default/signed-volume.ts';
import { smaDistance } from './default/sma-distance.ts';
import { spreadBps } from './default/spread-bps.ts';
import { spreadRatio } from './default/spread-ratio.ts';
import { stochasticK } from './default/stochastic-k.ts';
import { vwapDistance } from './default/vwap-distance.ts';
import { williamsR } from './default/williams-r.ts';
import type { Feature } from './state/feature.ts';
import { CODE_VERSION, PERIODS, WINDOWS } from './state/parameters.ts';

/** Of every timeframe. */
const EACH = [lastReturn, rsi, emaDistance, atr, signedVolume, vwapDistance];

export const FEATURES: readonly Feature[] = [
  ...EACH.map((of) => of('1m')),
  macdHistogram,
  stochasticK,
  williamsR,
  cci,
  rateOfChange('1m'),
  smaDistance,
  bollingerWidth,
  bollingerPosition('1m'),
  realisedVolatility('1m'),
  realisedVolatilityRatio,
  obvSlope,
  mfi,
  cmf,
  intensity,
  spreadBps,
  spreadRatio,
  gap,
  ...EACH.map((of) => of('5m')),
  adx,
  diBalance,
  rateOfChange('5m'),
  bollingerPosition('5m'),
  realisedVolatility('5m'),
  ...EACH.map((of) => of('15m')),
  ...EACH.map((of) => of('1h')),
  minuteOfDay.sin,
  minuteOfDay.cos,
  dayOfWeek.sin,
  dayOfWeek.cos,
];

export const FEATURE_NAMES: readonly string[] = FEATURES.map(({ name }) => name);

/** What decides the values, as plain data: the `feature_sets` table keeps it beside the name. */
export const FEATURE_SET_DEFINITION = {
  code_version: CODE_VERSION,
  periods: PERIODS,
  windows: WINDOWS,
  features: FEATURE_NAMES,
};

/** `default@` and the first 8 hex digits of the definition's sha256: another set, another name. */
export const FEATURE_SET = `default@${createHash('sha256')
  .update(JSON.stringify(FEATURE_SET_DEFINITION))
  .digest('hex')
  .slice(0, 8)}`;
