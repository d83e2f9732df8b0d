/**
 * What the record kinds and their fields mean, for `docs/wire.md` and `docs/asyncapi.json`. The
 * compiler holds it against the schemas: a field without a meaning, and a meaning without a field,
 * are errors.
 */
import type { Static } from 'typebox';
import type { Candle, SCHEMAS } from '../../src/domain/wire.ts';

export type Kind = keyof typeof SCHEMAS;

type Meanings<S extends (typeof SCHEMAS)[Kind] | typeof Candle> = {
  readonly [F in keyof Required<Static<S>>]: string;
};

/** The record kinds that belong on each topic; one of another topic is a dead letter there. */
export const KINDS_OF_TOPIC: Readonly<Record<string, readonly Kind[]>> = {
  ticks: ['trade', 'quote', 'heartbeat', 'control'],
  'ticks-backfill': ['trade', 'quote', 'heartbeat', 'control'],
  features: ['feature'],
  predictions: ['prediction'],
  signals: ['signal', 'signal_end', 'refusal'],
  fills: ['fill'],
  'dead-letters': [],
};

/** Kinds that may also come as a frame: an array of them, in one record. */
export const IN_FRAMES: readonly Kind[] = ['trade', 'quote', 'heartbeat'];

export const KIND_MEANINGS: Readonly<Record<Kind, string>> = {
  trade: 'A trade at a venue.',
  quote: 'The best bid and ask of a venue. One side may be missing; both may not.',
  heartbeat:
    'Nothing more of this instrument comes up to `ts`. It moves the watermark as a tick does.',
  control:
    'Whatever changes a decision and is not a tick. It has no Kafka key, goes to every partition, ' +
    'and holds for the records behind it. Only the installation sends it; it is signed.',
  feature: 'The features of an instrument at the end of a candle, with the candles that end there.',
  prediction: 'What a model says of the time after a feature record.',
  signal: 'What a bot wants to do, with entry, stop, target and expiry.',
  signal_end: 'How a signal ended that was not filled.',
  refusal:
    'What a bot does not trade, and why. Sent at the first such decision, and then at most once an ' +
    'hour of event time, with the count so far.',
  fill: 'An order, or a part of it, that was executed.',
};

const VENUE = { venue: 'The venue.', symbol: 'The symbol, as the venue writes it.' };
const INSTRUMENT = {
  venue: 'The venue of the instrument.',
  symbol: 'The symbol of the instrument.',
};
const TS = 'When it happened, by the venue.';
const DECIDED_TS =
  'Event time of the tick or heartbeat that made it computable. Nobody acts on it earlier.';
const KNOWN_AT = 'When this system could have known it.';
const IMPORTED_AT = 'When the record came that decided it, if that record was an import.';

const TICK_ID =
  'The id that the venue gives. Without one, the record gets an id that is a hash of its content.';

const CONTROL: Meanings<(typeof SCHEMAS)['control']> = {
  kind: 'The kind.',
  control_id: 'The id, made from the cause: the same cause is never sent twice.',
  version: 'Rises by type and subject; an older one is void. Every type but `clock` needs it.',
  type: 'What it changes; see below.',
  subject: 'Whom it is about: a model slot, a bot, an account.',
  body: 'The content, by type: the interfaces of `src/domain/control.ts`.',
  key_id: 'Which of the keys has signed it. Without it: the first key.',
  hmac: 'HMAC-SHA256 over the other fields, in hex.',
};

export const CONTROL_TYPES: readonly (readonly [string, string])[] = [
  ['model', 'puts a model into force for an instrument, makes it a shadow, or retires it'],
  ['bot', 'the settings of a paper bot, whole'],
  ['halt', 'no new positions of an account before a given time; exits go on'],
  ['equity', 'is passed on and changes no decision yet'],
  ['position', 'is passed on and changes no decision yet'],
  ['cut', 'an as-of barrier: everything behind it in the partition is known after its value'],
  ['clock', "the installation's time; ticks that are dated ahead of it are set apart"],
];

const FEATURE: Meanings<(typeof SCHEMAS)['feature']> = {
  kind: 'The kind.',
  feature_id: 'The id: feature set, venue, symbol and `ts`.',
  feature_set: 'The name of the set, and a hash of its definition.',
  ...INSTRUMENT,
  ts: 'The end of the candle.',
  decided_ts: DECIDED_TS,
  known_at: KNOWN_AT,
  candles: 'The candles that end at `ts`, the shortest first.',
  values: 'The features by name; null where one cannot be computed yet.',
  flags: 'What an analyst has to know of: `gap`.',
  imported_at: IMPORTED_AT,
};

/** On the wire and in the table. */
export const BAR = {
  open: 'The first price.',
  high: 'The highest price.',
  low: 'The lowest price.',
  close: 'The last price.',
  volume: 'Sum of the sizes of the trades; 0 for mids.',
  trades: 'Number of trades, or of quotes for mids.',
  vwap: 'Volume-weighted average price; null without volume.',
};

export const CANDLE: Meanings<typeof Candle> = {
  timeframe: 'The length: `1m`, `5m`, `15m` or `1h`.',
  start_ts: 'The first instant that it covers; it ends at the `ts` of the record.',
  price_source: 'Made of trades, or of the mids of quotes.',
  ...BAR,
  flags: 'As in the record.',
};

const PREDICTION: Meanings<(typeof SCHEMAS)['prediction']> = {
  kind: 'The kind.',
  prediction_id: 'The id: model, label spec and feature record.',
  feature_id: 'The feature record that it was made from.',
  model_id: 'The model; `baseline@1` where no trained model is in force.',
  label_spec: 'What is predicted, and over which horizon.',
  slot: '`champion`, or the id of a shadow model.',
  ...INSTRUMENT,
  ts: 'That of the feature record.',
  decided_ts: DECIDED_TS,
  known_at: KNOWN_AT,
  horizon_s: 'How far it looks ahead, in seconds.',
  probability_up: 'Probability that the price is higher at the horizon, 0 to 1.',
  expected_return: 'Expected return over the horizon, as a fraction.',
  close: 'The last price known at the decision. Never an entry price.',
  verdict: 'Only `ok` is acted on; the others say why not.',
  imported_at: IMPORTED_AT,
};

const SIGNAL: Meanings<(typeof SCHEMAS)['signal']> = {
  kind: 'The kind.',
  signal_id: 'The id: symbol, UTC of the decision, hash of the cause.',
  prediction_id: 'The prediction that it acts on.',
  feature_id: 'The feature record of that prediction.',
  model_id: 'The model that predicted.',
  bot: 'The bot that wants it.',
  account: 'The account in which it is booked.',
  strategy: 'How the bot decides: `direction`.',
  timeframe: 'The timeframe of the bot.',
  ...INSTRUMENT,
  ts: 'That of the prediction.',
  decided_ts: DECIDED_TS,
  known_at: KNOWN_AT,
  direction: 'Buy or sell.',
  entry: 'The price at the decision.',
  stop_loss: 'Where a loss is taken.',
  take_profit: 'Where a profit is taken.',
  risk_reward: 'Distance to the target over distance to the stop.',
  size: 'The size to trade, in units of the instrument.',
  confidence: 'How sure the model is: the larger of both probabilities.',
  expires_at: 'Behind this time the entry is not filled any more.',
  reason: 'Why, in words.',
  indicators: 'Feature values at the decision, for people.',
};

const FILL: Meanings<(typeof SCHEMAS)['fill']> = {
  kind: 'The kind.',
  fill_id: 'The id, unique for venue and account.',
  order_id: 'The order that was filled.',
  trade_id: 'The trade that it opens or closes.',
  signal_id: 'The signal behind it; null: none.',
  prediction_id: 'The prediction behind it; null: none.',
  model_id: 'The model behind it; null: none.',
  bot: 'The bot; null: a trade by hand.',
  account: 'The account; also the Kafka key.',
  ...INSTRUMENT,
  ts: 'When it was filled.',
  intent: 'Opens or closes a trade.',
  side: 'Bought or sold.',
  order_type: 'How the order was placed.',
  price: 'The price, in the quote currency.',
  size: 'The size, in units of the instrument.',
  fee: 'The fee; below 0 for a rebate.',
  fee_currency: 'The currency of the fee.',
  fx_rate: "Units of the account's currency for one unit of the quote currency.",
  liquidity: 'Rested in the book (`maker`), or took from it (`taker`).',
  mode: 'Paper, real, or of a backtest.',
  reason: 'Why, in a word: `signal`, `stop_loss`, `take_profit`, `expiry`.',
};

export const MEANINGS: { readonly [K in Kind]: Meanings<(typeof SCHEMAS)[K]> } = {
  trade: {
    kind: 'The kind.',
    ...VENUE,
    id: TICK_ID,
    ts: TS,
    price: 'The price, above 0.',
    size: 'The size, 0 or more.',
    side: 'The side of the taker.',
  },
  quote: {
    kind: 'The kind.',
    ...VENUE,
    id: TICK_ID,
    ts: TS,
    bid: 'The best bid, above 0.',
    ask: 'The best ask, above 0.',
    bid_size: 'The size at the bid, 0 or more.',
    ask_size: 'The size at the ask, 0 or more.',
  },
  heartbeat: { kind: 'The kind.', ...VENUE, ts: 'All ticks up to this time have been sent.' },
  control: CONTROL,
  feature: FEATURE,
  prediction: PREDICTION,
  signal: SIGNAL,
  signal_end: {
    kind: 'The kind.',
    signal_id: 'The signal.',
    ...INSTRUMENT,
    ts: 'When it ended.',
    state: 'How it ended.',
    reason: 'Why, in words.',
  },
  refusal: {
    kind: 'The kind.',
    refusal_id: 'The id.',
    bot: 'The bot.',
    account: 'The account in which it would have been booked.',
    ...INSTRUMENT,
    cause: 'No exchange rate to the account (`no_rate`), or the model has not passed the gate.',
    reason: 'The same in words.',
    first_ts: 'The first such decision.',
    last_ts: 'The newest one.',
    decisions: 'How many there were.',
  },
  fill: FILL,
};
