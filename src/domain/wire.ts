/**
 * Every record kind that travels over Kafka, by its name; each is declared in `records/`. Within a
 * major version only optional fields are added; readers skip the kinds that they do not know.
 *
 * Times are integers of microseconds since 1970 UTC. Prices and sizes of ticks are JSON numbers or
 * decimal strings; money in derived records is always a decimal string. In a tick, null in an
 * optional field says the same as no such field.
 */
import { Candle } from './records/candle.ts';
import { Control } from './records/control.ts';
import { Feature } from './records/feature.ts';
import { isSymbol, VENUE_RE } from './records/fields.ts';
import { Fill } from './records/fill.ts';
import { Prediction } from './records/prediction.ts';
import { Refusal, Signal, SignalEnd } from './records/signal.ts';
import { Heartbeat, QuoteTick, TradeTick, type Tick } from './records/ticks.ts';

export { Candle, Control, Feature, Fill, Heartbeat, Prediction, QuoteTick, Refusal, Signal };
export { SignalEnd, TradeTick, type Tick };

/** All kinds by name, for the documents and the tests. */
export const SCHEMAS = {
  trade: TradeTick,
  quote: QuoteTick,
  heartbeat: Heartbeat,
  control: Control,
  feature: Feature,
  prediction: Prediction,
  signal: Signal,
  signal_end: SignalEnd,
  refusal: Refusal,
  fill: Fill,
} as const;

/** The Kafka key of an instrument's records. A venue has no colon, so it splits without doubt. */
export const instrumentKey = (i: { venue: string; symbol: string }): string =>
  `${i.venue}:${i.symbol}`;

/** The instrument behind a key of `instrumentKey`, or null when it cannot be one. */
export function parseInstrumentKey(key: string): { venue: string; symbol: string } | null {
  const colon = key.indexOf(':');
  const venue = key.slice(0, colon);
  const symbol = key.slice(colon + 1);
  return colon > 0 && VENUE_RE.test(venue) && isSymbol(symbol) ? { venue, symbol } : null;
}
