/** `GET /v1/positions`: what is open. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { SIDES } from '../../domain/records/fields.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { account, bot, optional, symbol, venue } from '../parameters.ts';

const Position = c.titled('Position', {
  account: c.text(),
  bot: c.maybe(c.text()),
  venue: c.text(),
  symbol: c.text(),
  side: c.oneOf(SIDES),
  size: c.decimal(),
  entry_price: c.decimal(),
  currency: c.text(),
  stop_loss: c.maybe(c.decimal()),
  take_profit: c.maybe(c.decimal()),
  opened_at: c.time(),
  trade_id: c.text(),
  signal_id: c.maybe(c.text()),
});
export type Position = Static<typeof Position>;

export const positions = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'positions',
    summary: 'Open positions',
    source: 'open_positions',
    item: Position,
    time: 'opened_at',
    ids: ['trade_id'],
    filters: {
      account: optional(account),
      bot: optional(bot),
      venue: optional(venue),
      symbol: optional(symbol),
    },
  });
