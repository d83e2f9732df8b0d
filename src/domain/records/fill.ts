/** An execution, as it travels and as it is booked. */
import { Type, type Static } from 'typebox';
import {
  Account,
  BookedTs,
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

export const MODES = ['paper', 'live', 'backtest', 'optimisation'] as const;

export const Fill = record('An order, or a part of it, that was executed.', {
  kind: field(Type.Literal('fill'), 'The kind.'),
  fill_id: field(Id, 'The id, unique for venue and account.'),
  order_id: field(Id, 'The order that was filled.'),
  trade_id: field(Id, 'The trade that it opens or closes.'),
  signal_id: field(nullable(Id), 'The signal behind it; null: none.'),
  prediction_id: field(nullable(LongId), 'The prediction behind it; null: none.'),
  model_id: field(nullable(Id), 'The model behind it; null: none.'),
  bot: field(nullable(Id), 'The bot; null: a trade by hand.'),
  account: field(Account, 'The account; also the Kafka key.'),
  ...instrument,
  ts: field(BookedTs, 'When it was filled.'),
  intent: field(oneOf(['entry', 'exit']), 'Opens or closes a trade.'),
  side: field(Side, 'Bought or sold.'),
  order_type: field(oneOf(['market', 'limit', 'stop']), 'How the order was placed.'),
  price: field(Positive, 'The price, in the quote currency.'),
  size: field(Positive, 'The size, in units of the instrument.'),
  fee: field(Decimal, 'The fee; below 0 for a rebate.'),
  fee_currency: field(Id, 'The currency of the fee.'),
  fx_rate: field(Positive, "Units of the account's currency for one unit of the quote currency."),
  liquidity: field(
    oneOf(['maker', 'taker']),
    'Rested in the book (`maker`), or took from it (`taker`).',
  ),
  mode: field(oneOf(MODES), 'Paper, real, or of a backtest.'),
  reason: field(Text, 'Why, in a word: `signal`, `stop_loss`, `take_profit`, `expiry`.'),
});

export type Fill = Static<typeof Fill>;
