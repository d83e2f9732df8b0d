/** `GET /v1/trades` and `/v1/trades/{id}`: what was bought and sold, and what it brought. */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { tradeFills } from '../tables/trades.ts';
import { SIDES } from '../../domain/records/fields.ts';
import { MODES } from '../../domain/records/fill.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { oneRow } from '../one-row.ts';
import { account, bot, optional, state, symbol, venue } from '../parameters.ts';
import { idParams, noQuery, read } from '../route.ts';
import { Fill } from './fills.ts';

export const Trade = c.titled('Trade', {
  trade_id: c.text(),
  account: c.text(),
  bot: c.maybe(c.text()),
  venue: c.text(),
  symbol: c.text(),
  side: c.oneOf(SIDES),
  state: c.oneOf(['open', 'closed']),
  opened_at: c.time(),
  closed_at: c.maybe(c.time()),
  entry_price: c.decimal(),
  exit_price: c.maybe(c.decimal()),
  size: c.decimal(),
  closed_size: c.decimal(),
  currency: c.text('of prices, fees and P&L'),
  fees: c.decimal(),
  gross_pnl: c.decimal(),
  net_pnl: c.decimal(),
  account_pnl: c.decimal('net P&L in the currency of the account'),
  pips: c.maybe(c.decimal()),
  exit_reason: c.maybe(c.text()),
  stop_loss: c.maybe(c.decimal()),
  take_profit: c.maybe(c.decimal()),
  strategy: c.maybe(c.text()),
  timeframe: c.maybe(c.text()),
  confidence: c.maybe(c.number()),
  mode: c.oneOf(MODES),
  ticket: c.maybe(c.text()),
  signal_id: c.maybe(c.text()),
  prediction_id: c.maybe(c.text()),
  model_id: c.maybe(c.text()),
  correlation_id: c.text(),
});
export type Trade = Static<typeof Trade>;

const Detail = Type.Object({
  ...Trade.properties,
  entry_logic: c.maybe(c.text()),
  exit_logic: c.maybe(c.text()),
  metadata: c.json(),
});

export const trades = (app: FastifyInstance, context: HttpContext): void => {
  postgresList(app, context, {
    noun: 'trades',
    summary: 'Trades of all accounts, by the time of opening',
    source: 'trades',
    item: Trade,
    time: 'opened_at',
    ids: ['trade_id'],
    filters: {
      venue: optional(venue),
      symbol: optional(symbol),
      account: optional(account),
      bot: optional(bot),
      state: optional(state),
    },
  });
  read(app, {
    path: '/v1/trades/:id',
    noun: 'trades',
    summary: 'One trade with its fills',
    query: noQuery,
    params: idParams,
    answer: c.titled('TradeDetail', { ...Detail.properties, fills: Type.Array(Fill) }),
    handle: async (_query, { id }) => {
      const trade = await oneRow(context.postgres, 'trades', 'trade_id', id, Detail);
      const rows = await tradeFills(context.postgres, id);
      return { ...trade, fills: rows.map((row) => c.toItem(Fill, row)) };
    },
  });
};
