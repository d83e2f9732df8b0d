/** `GET /v1/fills`: executions, as booked. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { account, bot, optional, symbol, venue } from '../parameters.ts';

export const Fill = Type.Object({
  venue: c.text(),
  account: c.text(),
  fill_id: c.text(),
  order_id: c.text(),
  trade_id: c.text(),
  signal_id: c.maybe(c.text()),
  prediction_id: c.maybe(c.text()),
  model_id: c.maybe(c.text()),
  bot: c.maybe(c.text()),
  symbol: c.text(),
  ts: c.time(),
  intent: c.text('entry or exit'),
  side: c.text('buy or sell'),
  order_type: c.text(),
  price: c.decimal(),
  size: c.decimal(),
  fee: c.decimal(),
  fee_currency: c.text(),
  fx_rate: c.decimal('account currency for one unit of the quote currency'),
  liquidity: c.text(),
  mode: c.text(),
  reason: c.text(),
  booked: c.bool('false while the entry that it closes is not here'),
});

export const fills = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'fills',
    summary: 'Fills of all accounts',
    source: 'fills',
    item: Fill,
    time: 'ts',
    ids: ['venue', 'account', 'fill_id'],
    filters: {
      venue: optional(venue),
      symbol: optional(symbol),
      account: optional(account),
      bot: optional(bot),
      trade_id: optional(Type.String({ description: 'fills of one trade' })),
    },
  });
