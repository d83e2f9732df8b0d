/**
 * closing candles -> one feature record for every instant at which a candle of any timeframe ends
 *
 * The record carries the candles themselves too: they and the values are what the stream served,
 * revision 0 of the tables. Nothing later than the instant enters a value.
 */
import { candleVwap, type ClosedCandle } from '../../src/domain/candle.ts';
import type { Candle, Feature } from '../../src/domain/wire.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import {
  initialFeatureState,
  updateFeatures,
  type FeatureState,
} from '../../src/features/features.ts';
import type { Operator } from '../../src/stream/operator.ts';
import type { Closing } from './candles.ts';

export interface FeaturesIn {
  readonly venue: string;
  readonly symbol: string;
  readonly closing: Closing;
}

export interface FeaturesOut {
  readonly record: Feature;
  /** The record's values in the order of the feature set: what a model gets. */
  readonly vector: readonly (number | null)[];
}

export const features: Operator<FeaturesIn, FeaturesOut, FeatureState> = {
  name: 'features',

  initial: initialFeatureState,

  step(state, { venue, symbol, closing }, emit) {
    const { endTs, moment } = closing;
    const vector = updateFeatures(state, closing.candles, endTs);
    const values: Record<string, number | null> = {};
    FEATURE_NAMES.forEach((name, i) => {
      values[name] = vector[i] ?? null;
    });
    const record: Feature = {
      kind: 'feature',
      feature_id: `${FEATURE_SET}:${venue}:${symbol}:${endTs}`,
      feature_set: FEATURE_SET,
      venue,
      symbol,
      ts: endTs,
      decided_ts: moment.decidedTs,
      known_at: moment.knownAt,
      candles: closing.candles.map(wireCandle),
      values,
      flags: [...new Set(closing.candles.flatMap((candle) => candle.flags))],
      ...(moment.importedAt === undefined ? {} : { imported_at: moment.importedAt }),
    };
    emit({ record, vector });
  },
};

export const wireCandle = (candle: ClosedCandle): Candle => ({
  timeframe: candle.timeframe,
  start_ts: candle.startTs,
  price_source: candle.priceSource,
  open: candle.open,
  high: candle.high,
  low: candle.low,
  close: candle.close,
  volume: candle.volume,
  trades: candle.trades,
  vwap: candleVwap(candle),
  flags: candle.flags,
});
