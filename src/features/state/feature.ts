/**
 * What a feature is: one number about an instrument, with its name and what it is read from.
 *
 * A feature has a file of its own in `src/features/default/` and a line in the set
 * (`src/features/definition.ts`). It is read again when a candle of its timeframe closes, and keeps
 * its value until the next one does.
 */
import type { AdxState } from '../../indicators/adx.ts';
import type { CloseColumns, MinuteColumns } from './columns.ts';
import type { MinuteState, SeriesState } from './state.ts';

/** One for each feature, in the order of the set; null where it cannot be computed. */
export type Values = (number | null)[];

/** What there is to read of every timeframe: at least one candle is in it. */
export interface SeriesReading {
  readonly series: SeriesState;
}

/** Timeframes with bands and volatility. */
export interface CloseReading extends SeriesReading {
  readonly columns: CloseColumns;
}

export interface MinuteReading extends SeriesReading {
  readonly columns: MinuteColumns;
  readonly minute: MinuteState;
}

export interface FiveMinuteReading extends CloseReading {
  readonly adx: AdxState;
}

/** By timeframe; `moment` is the instant alone, in microseconds, and needs no candle. */
export interface Readings {
  readonly '1m': MinuteReading;
  readonly '5m': FiveMinuteReading;
  readonly '15m': SeriesReading;
  readonly '1h': SeriesReading;
  readonly moment: number;
}

/** What people read about a feature. */
export interface FeatureDefinition {
  /** snake_case, ends with its timeframe where it has one: also the column and the JSON key. */
  readonly name: string;
  readonly unit: 'fraction' | 'percent' | 'index' | 'ratio' | 'bps' | 'minutes' | 'cycle';
  /** One line for people. */
  readonly description: string;
  /** What the instrument must have for the value not to stay null; every instrument has prices. */
  readonly needs: 'prices' | 'volume' | 'quotes';
}

export interface TimeframeFeature<Of extends keyof Readings> extends FeatureDefinition {
  readonly timeframe: Of;
  /** Pure. Null where it cannot be computed, never NaN: what is kept may be too short for it. */
  readonly value: (reading: Readings[Of]) => number | null;
}

export type Feature = { [Of in keyof Readings]: TimeframeFeature<Of> }[keyof Readings];
