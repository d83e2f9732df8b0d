/**
 * What a feature is: its name, what the documentation says of it, and how it is read from state.
 */
import type { FeatureState } from './state.ts';

export interface FeatureDefinition {
  /** snake_case, ends with its timeframe where it has one: also the column and the JSON key. */
  readonly name: string;
  readonly unit: 'fraction' | 'percent' | 'index' | 'ratio' | 'bps' | 'minutes' | 'cycle';
  /** One line for people. */
  readonly description: string;
  /** What the instrument must have for the value not to stay null; every instrument has prices. */
  readonly needs: 'prices' | 'volume' | 'quotes';
  /** The value at `endTs`, or null while it cannot be computed. Never NaN, never infinite. */
  readonly read: (state: FeatureState, endTs: number) => number | null;
}
