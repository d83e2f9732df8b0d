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
import { DIRECTION_FEATURES } from './direction-features.ts';
import type { FeatureDefinition } from './feature.ts';
import { MINUTE_FEATURES } from './minute-features.ts';
import { CODE_VERSION, PERIODS, WINDOWS } from './parameters.ts';
import { seriesFeatures } from './series-features.ts';
import { TIME_FEATURES } from './time-features.ts';

export const FEATURES: readonly FeatureDefinition[] = [
  ...seriesFeatures('1m'),
  ...MINUTE_FEATURES,
  ...seriesFeatures('5m'),
  ...DIRECTION_FEATURES,
  ...seriesFeatures('15m'),
  ...seriesFeatures('1h'),
  ...TIME_FEATURES,
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
