/**
 * Every record kind that travels over Kafka: one TypeBox schema each, and from it the TypeScript
 * type and the validator. Within a major version only optional fields are added; readers skip the
 * kinds that they do not know.
 *
 * Times are integers of microseconds since 1970 UTC. Prices and sizes of ticks are JSON numbers or
 * decimal strings; money in derived records is always a decimal string. In a tick, null in an
 * optional field says the same as no such field.
 */
import { Type, type Static, type TSchema } from 'typebox';
import { LABEL_SPEC_PATTERN } from './label-spec.ts';

const VENUE = '^[a-z0-9][a-z0-9._-]{0,31}$';
/**
 * Any text of 1 to 64 characters: whatever a venue calls it. No colon at its start (a key is cut at
 * the first one), nothing that cannot be seen or that breaks a line, no half of a surrogate pair,
 * and not the character that stands for bytes which were no UTF-8. `isSymbol` wants NFC as well.
 */
const SYMBOL = '^(?!:)[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\uFFFD]{1,64}$';
const DECIMAL = '^-?\\d{1,20}(\\.\\d{1,20})?$';
/** Of a tick: as a venue may write it, with an exponent or without a digit on one side. */
const TICK_DECIMAL = '^(?=.{1,40}$)[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?$';
/** What is booked has a size, a price and a rate. */
const POSITIVE = '^(?=.*[1-9])\\d{1,20}(\\.\\d{1,20})?$';
/** An id goes into keys, messages and file names: without controls, line ends, half characters. */
const ID = '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{1,200}$';
/** Of a feature or prediction: it holds the symbol, that of a prediction its model too. */
const LONG_ID = ID.replace('200', '400');
/** PostgreSQL takes neither NUL nor half of a character. */
const TEXT = '^[^\\u0000\\p{Cs}]{0,4000}$';
const TICK_ID = '^[\\x21-\\x7e]{1,64}$';

export const VENUE_RE = new RegExp(VENUE);
const SYMBOL_RE = new RegExp(SYMBOL, 'u');
export const TICK_DECIMAL_RE = new RegExp(TICK_DECIMAL);
const PLAIN_RE = /^[\x20-\x7e]*$/;

/** One text, one symbol: what looks the same must not be two, so only the composed form is taken. */
export const isComposed = (text: string): boolean =>
  PLAIN_RE.test(text) || text === text.normalize('NFC');

export const isSymbol = (text: string): boolean => SYMBOL_RE.test(text) && isComposed(text);
/** What `isSymbol` takes, for messages. */
export const SYMBOL_RULE =
  'any text of 1 to 64 characters in Unicode form NFC, without control or format characters or ' +
  'line breaks, and with no ":" at its start';
export const VENUE_RULE =
  'lower-case letters, digits, ".", "_" and "-", at most 32, a letter or digit first';

const Venue = Type.String({ pattern: VENUE });
const Symbol_ = Type.String({ pattern: SYMBOL });
const Ts = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Amount = Type.Union([Type.Number(), Type.String({ pattern: TICK_DECIMAL })]);
const Decimal = Type.String({ pattern: DECIMAL });
/** The longest is a prediction's id: it holds the model's id and the feature's, each with a symbol. */
/** No control characters: no table keeps a NUL, and no screen shows one. */
const Name = Type.String({ pattern: '^[^\\u0000-\\u001f]{1,400}$' });
const Positive = Type.String({ pattern: POSITIVE });
const Id = Type.String({ pattern: ID });
const LongId = Type.String({ pattern: LONG_ID });
/** Shorter: a halt's id is made of it, and has to be a name too. */
const Account = Type.String({ pattern: ID.replace('200', '100') });
const Text = Type.String({ pattern: TEXT });
/** Before the year 2200: what is booked behind it is a time in another unit. */
const BookedTs = Type.Integer({ minimum: 0, maximum: 7_258_118_400_000_000 - 1 });
const TickId = Type.String({ pattern: TICK_ID });
const oneOf = <const T extends string>(values: readonly T[]) =>
  Type.Unsafe<T>(Type.Union(values.map((value) => Type.Literal(value))));
const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const Absent = <T extends TSchema>(schema: T) => Type.Optional(Nullable(schema));

const instrument = { venue: Venue, symbol: Symbol_ };
/** When the record came that decided this one; only where that was imported. */
const ImportedAt = Type.Optional(Ts);
const clocks = { ts: Ts, decided_ts: Ts, known_at: Ts };
const bookedClocks = { ts: BookedTs, decided_ts: BookedTs, known_at: BookedTs };

export const TradeTick = Type.Object({
  kind: Type.Literal('trade'),
  ...instrument,
  id: Absent(TickId),
  ts: Ts,
  price: Amount,
  size: Amount,
  side: Absent(Type.Union([Type.Literal('buy'), Type.Literal('sell')])),
});

/** One side may be missing: it then has no mid, and is no price of the instrument. */
export const QuoteTick = Type.Object({
  kind: Type.Literal('quote'),
  ...instrument,
  id: Absent(TickId),
  ts: Ts,
  bid: Absent(Amount),
  ask: Absent(Amount),
  bid_size: Absent(Amount),
  ask_size: Absent(Amount),
});

export const Heartbeat = Type.Object({
  kind: Type.Literal('heartbeat'),
  ...instrument,
  ts: Ts,
});

export const Control = Type.Object({
  kind: Type.Literal('control'),
  control_id: Name,
  /** Rises by type and subject; a `clock` has none. */
  version: Type.Optional(Type.Integer({ minimum: 1 })),
  type: oneOf(['model', 'bot', 'halt', 'equity', 'position', 'cut', 'clock']),
  subject: Name,
  body: Type.Record(Type.String(), Type.Unknown()),
  /** Which of the installation's keys has signed it; absent in records from before: the first. */
  key_id: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
  hmac: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});

export const Candle = Type.Object({
  timeframe: Type.String(),
  start_ts: Ts,
  price_source: Type.Union([Type.Literal('trade'), Type.Literal('mid')]),
  open: Type.Number(),
  high: Type.Number(),
  low: Type.Number(),
  close: Type.Number(),
  volume: Type.Number(),
  trades: Type.Integer(),
  vwap: Nullable(Type.Number()),
  flags: Type.Array(Type.String()),
});

export const Feature = Type.Object({
  kind: Type.Literal('feature'),
  feature_id: Name,
  feature_set: Name,
  ...instrument,
  ...clocks,
  candles: Type.Array(Candle),
  values: Type.Record(Type.String(), Nullable(Type.Number())),
  flags: Type.Array(Type.String()),
  imported_at: ImportedAt,
});

export const Prediction = Type.Object({
  kind: Type.Literal('prediction'),
  prediction_id: Name,
  feature_id: Name,
  model_id: Name,
  label_spec: Type.String({ pattern: LABEL_SPEC_PATTERN }),
  slot: Name,
  ...instrument,
  ...clocks,
  horizon_s: Type.Integer({ minimum: 1 }),
  probability_up: Type.Number(),
  expected_return: Type.Number(),
  close: Type.Number(),
  verdict: oneOf(['ok', 'outlier', 'expired', 'warming_up']),
  imported_at: ImportedAt,
});

export const Signal = Type.Object({
  kind: Type.Literal('signal'),
  signal_id: Id,
  prediction_id: LongId,
  feature_id: LongId,
  model_id: Id,
  bot: Id,
  account: Account,
  strategy: Id,
  timeframe: Id,
  ...instrument,
  ...bookedClocks,
  direction: Type.Union([Type.Literal('buy'), Type.Literal('sell')]),
  entry: Positive,
  stop_loss: Decimal,
  take_profit: Decimal,
  risk_reward: Decimal,
  size: Positive,
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  expires_at: BookedTs,
  reason: Text,
  indicators: Type.Record(Id, Nullable(Type.Number()), {
    additionalProperties: false,
    maxProperties: 1_000,
  }),
});

/** How a signal ended; the trades stage makes `executed` from the entry fill itself. */
export const SignalEnd = Type.Object({
  kind: Type.Literal('signal_end'),
  signal_id: Id,
  ...instrument,
  ts: BookedTs,
  state: Type.Union([
    Type.Literal('executed'),
    Type.Literal('rejected'),
    Type.Literal('expired'),
    Type.Literal('cancelled'),
  ]),
  reason: Text,
});

/**
 * What a bot does not trade, and why: told at the first decision, and while it lasts at most once
 * an hour of event time, with the count so far. The newest one says all that the others said.
 */
export const Refusal = Type.Object({
  kind: Type.Literal('refusal'),
  refusal_id: Id,
  bot: Id,
  account: Account,
  ...instrument,
  cause: oneOf(['no_rate', 'not_passed']),
  reason: Text,
  first_ts: BookedTs,
  last_ts: BookedTs,
  decisions: Type.Integer({ minimum: 1 }),
});

export const Fill = Type.Object({
  kind: Type.Literal('fill'),
  fill_id: Id,
  order_id: Id,
  trade_id: Id,
  signal_id: Nullable(Id),
  prediction_id: Nullable(LongId),
  model_id: Nullable(Id),
  bot: Nullable(Id),
  account: Account,
  ...instrument,
  ts: BookedTs,
  intent: Type.Union([Type.Literal('entry'), Type.Literal('exit')]),
  side: Type.Union([Type.Literal('buy'), Type.Literal('sell')]),
  order_type: oneOf(['market', 'limit', 'stop']),
  price: Positive,
  size: Positive,
  fee: Decimal,
  fee_currency: Id,
  fx_rate: Positive,
  liquidity: Type.Union([Type.Literal('maker'), Type.Literal('taker')]),
  mode: oneOf(['paper', 'live', 'backtest', 'optimisation']),
  reason: Text,
});

export type TradeTick = Static<typeof TradeTick>;
export type QuoteTick = Static<typeof QuoteTick>;
export type Heartbeat = Static<typeof Heartbeat>;
export type Control = Static<typeof Control>;
export type Candle = Static<typeof Candle>;
export type Feature = Static<typeof Feature>;
export type Prediction = Static<typeof Prediction>;
export type Signal = Static<typeof Signal>;
export type SignalEnd = Static<typeof SignalEnd>;
export type Refusal = Static<typeof Refusal>;
export type Fill = Static<typeof Fill>;
export type Tick = TradeTick | QuoteTick;

/** All kinds by name, for validators, AsyncAPI and the tests. */
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
export const keyOf = (i: { venue: string; symbol: string }): string => `${i.venue}:${i.symbol}`;

/** The instrument behind a key of `keyOf`, or null when it cannot be one. */
export function instrumentOf(key: string): { venue: string; symbol: string } | null {
  const colon = key.indexOf(':');
  const venue = key.slice(0, colon);
  const symbol = key.slice(colon + 1);
  return colon > 0 && VENUE_RE.test(venue) && isSymbol(symbol) ? { venue, symbol } : null;
}
