/**
 * What a feature is, and how its value gets into a row.
 *
 * Features that change together are a group: a list of definitions, and one function that writes
 * their values in that order, from a given place on. What they share is then computed once, and a
 * group whose candle did not close is left as it stands.
 */

/** One for each feature, in the order of the set; null where it cannot be computed. */
export type Values = (number | null)[];

export interface FeatureDefinition {
  /** snake_case, ends with its timeframe where it has one: also the column and the JSON key. */
  readonly name: string;
  readonly unit: 'fraction' | 'percent' | 'index' | 'ratio' | 'bps' | 'minutes' | 'cycle';
  /** One line for people. */
  readonly description: string;
  /** What the instrument must have for the value not to stay null; every instrument has prices. */
  readonly needs: 'prices' | 'volume' | 'quotes';
}
