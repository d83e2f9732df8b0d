/** The records that tables hold, for `docs/sql.md`. */
import type { TProperties } from 'typebox';
import { StoredCandle } from '../../src/domain/records/candle.ts';
import { StoredFeature } from '../../src/domain/records/feature.ts';
import { Fill } from '../../src/domain/records/fill.ts';
import { LongSide, ShortSide, SignalOutcome, StoredLabel } from '../../src/domain/records/label.ts';
import { StoredPrediction } from '../../src/domain/records/prediction.ts';
import { QualityEvent, SystemMetric } from '../../src/domain/records/quality-event.ts';
import { Refusal, Signal, SignalEnd } from '../../src/domain/records/signal.ts';
import {
  HistoryColumns,
  StoredHeartbeat,
  StoredQuote,
  StoredTrade,
} from '../../src/domain/records/ticks.ts';

interface Fields {
  readonly properties: TProperties;
}

/** Each table's columns are the fields of these. */
export const QUESTDB_RECORDS: Readonly<Record<string, readonly Fields[]>> = {
  ticks: [StoredTrade, HistoryColumns],
  quotes: [StoredQuote, HistoryColumns],
  heartbeats: [StoredHeartbeat],
  candles: [StoredCandle],
  features: [StoredFeature],
  predictions: [StoredPrediction],
  labels: [StoredLabel, LongSide, ShortSide],
  quality_events: [QualityEvent],
  system_metrics: [SystemMetric],
};

/** Each table has a column for every field but the kind. */
export const POSTGRES_RECORDS: Readonly<Record<string, Fields>> = {
  signals: Signal,
  signal_ends: SignalEnd,
  signal_refusals: Refusal,
  signal_outcomes: SignalOutcome,
  fills: Fill,
};

/** Tables that are there and that nothing fills. */
export const QUESTDB_EMPTY: readonly string[] = ['system_metrics'];
