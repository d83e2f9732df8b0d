/** What a bot wants to do, how it ended where nothing was filled, and what a bot may not do. */
import { Type, type Static } from 'typebox';
import {
  Account,
  BookedTs,
  clocks,
  Decimal,
  field,
  Id,
  instrument,
  LongId,
  nullable,
  oneOf,
  Positive,
  record,
  Side,
  Text,
} from './fields.ts';

export const Signal = record('What a bot wants to do, with entry, stop, target and expiry.', {
  kind: field(Type.Literal('signal'), 'The kind.'),
  signal_id: field(Id, 'The id: symbol, UTC of the decision, hash of the cause.'),
  prediction_id: field(LongId, 'The prediction that it acts on.'),
  feature_id: field(LongId, 'The feature record of that prediction.'),
  model_id: field(Id, 'The model that predicted.'),
  bot: field(Id, 'The bot that wants it.'),
  account: field(Account, 'The account in which it is booked.'),
  strategy: field(Id, 'How the bot decides: `direction`.'),
  timeframe: field(Id, 'The timeframe of the bot.'),
  ...instrument,
  ts: field(BookedTs, 'That of the prediction.'),
  ...clocks(BookedTs),
  direction: field(Side, 'Buy or sell.'),
  entry: field(Positive, 'The price at the decision.'),
  stop_loss: field(Decimal, 'Where a loss is taken.'),
  take_profit: field(Decimal, 'Where a profit is taken.'),
  risk_reward: field(Decimal, 'Distance to the target over distance to the stop.'),
  size: field(Positive, 'The size to trade, in units of the instrument.'),
  confidence: field(
    Type.Number({ minimum: 0, maximum: 1 }),
    'How sure the model is: the larger of both probabilities.',
  ),
  expires_at: field(BookedTs, 'Behind this time the entry is not filled any more.'),
  reason: field(Text, 'Why, in words.'),
  indicators: field(
    Type.Record(Id, nullable(Type.Number()), {
      additionalProperties: false,
      maxProperties: 1_000,
    }),
    'Feature values at the decision, for people.',
  ),
});

const ENDS = ['executed', 'rejected', 'expired', 'cancelled'] as const;
/** Of a signal in `signals`: the ends of one, and that it has none yet. */
export const SIGNAL_STATES = ['pending', ...ENDS] as const;

/** How a signal ended; the trades stage makes `executed` from the entry fill itself. */
export const SignalEnd = record('How a signal ended that was not filled.', {
  kind: field(Type.Literal('signal_end'), 'The kind.'),
  signal_id: field(Id, 'The signal.'),
  ...instrument,
  ts: field(BookedTs, 'When it ended.'),
  state: field(oneOf(ENDS), 'How it ended.'),
  reason: field(Text, 'Why, in words.'),
});

const REFUSAL =
  'What a bot does not trade, and why. Sent at the first such decision, and then at most once ' +
  'an hour of event time, with the count so far: the newest one holds all that the others hold.';

export const Refusal = record(REFUSAL, {
  kind: field(Type.Literal('refusal'), 'The kind.'),
  refusal_id: field(Id, 'The id.'),
  bot: field(Id, 'The bot.'),
  account: field(Account, 'The account in which it would have been booked.'),
  ...instrument,
  cause: field(
    oneOf(['no_rate', 'not_passed']),
    'No exchange rate to the account (`no_rate`), or the model has not passed the gate.',
  ),
  reason: field(Text, 'The same in words.'),
  first_ts: field(BookedTs, 'The first such decision.'),
  last_ts: field(
    BookedTs,
    'Of the decision that was reported last; those of up to an hour behind it are not counted yet.',
  ),
  decisions: field(Type.Integer({ minimum: 1 }), 'How many there were.'),
});

export type Signal = Static<typeof Signal>;
export type SignalEnd = Static<typeof SignalEnd>;
export type Refusal = Static<typeof Refusal>;
