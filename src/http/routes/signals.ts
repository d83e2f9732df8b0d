/**
 * `GET /v1/signals` and `/v1/signals/{id}`: what the bots wanted, and how it ended; `/refusals`:
 * what they may not trade.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { signalOutcomes } from '../tables/signals.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { oneRow } from '../one-row.ts';
import { postgresList } from '../list-route.ts';
import { account, bot, optional, state, symbol, venue } from '../parameters.ts';
import { idParams, noQuery, read } from '../route.ts';

export const Signal = Type.Object({
  signal_id: c.text(),
  prediction_id: c.text(),
  feature_id: c.text(),
  model_id: c.text(),
  bot: c.text(),
  account: c.text(),
  strategy: c.text(),
  timeframe: c.text(),
  venue: c.text(),
  symbol: c.text(),
  ts: c.time(),
  decided_ts: c.time(),
  known_at: c.time(),
  direction: c.text('buy or sell'),
  entry: c.decimal(),
  stop_loss: c.decimal(),
  take_profit: c.decimal(),
  risk_reward: c.decimal(),
  size: c.decimal(),
  confidence: c.number(),
  expires_at: c.time(),
  reason: c.text(),
  state: c.text('pending, executed, rejected, expired or cancelled'),
  state_reason: c.maybe(c.text()),
  state_ts: c.maybe(c.time()),
  result: c.maybe(c.text('win, loss or breakeven')),
  trade_id: c.maybe(c.text()),
});

const Outcome = Type.Object({
  label_spec: c.text(),
  state: c.text(),
  void_reason: c.maybe(c.text()),
  entry_ts: c.maybe(c.time()),
  entry_price: c.maybe(c.number()),
  exit_ts: c.maybe(c.time()),
  exit_price: c.maybe(c.number()),
  exit_tick_id: c.maybe(c.text('the tick that decided')),
  forward_return: c.maybe(c.number()),
  touched: c.maybe(c.text('stop, target or expiry')),
  held_us: c.maybe(c.number()),
  best_excursion: c.maybe(c.number()),
  worst_excursion: c.maybe(c.number()),
  result: c.maybe(c.text()),
  label_known_at: c.time(),
});

const Detail = Type.Object({ ...Signal.properties, indicators: c.json('values by name') });

const Refusal = Type.Object({
  bot: c.text(),
  account: c.text(),
  venue: c.text(),
  symbol: c.text(),
  cause: c.text('no_rate or not_passed'),
  reason: c.text(),
  first_ts: c.time('of the first decision'),
  last_ts: c.time('of the last one that is counted'),
  decisions: c.integer('counted once an hour of event time'),
});

export const signals = (app: FastifyInstance, context: HttpContext): void => {
  postgresList(app, context, {
    noun: 'signals',
    summary: 'Signals of all bots',
    source: 'signals',
    item: Signal,
    time: 'decided_ts',
    ids: ['signal_id'],
    filters: {
      venue: optional(venue),
      symbol: optional(symbol),
      account: optional(account),
      bot: optional(bot),
      state: optional(state),
    },
  });
  postgresList(app, context, {
    noun: 'signals',
    path: '/v1/signals/refusals',
    summary: 'What bots would trade and may not, once for each cause, with its count',
    source: 'signal_refusals',
    item: Refusal,
    time: 'last_ts',
    ids: ['bot', 'account', 'venue', 'symbol', 'cause'],
    filters: {
      venue: optional(venue),
      symbol: optional(symbol),
      account: optional(account),
      bot: optional(bot),
    },
  });
  read(app, {
    path: '/v1/signals/:id',
    noun: 'signals',
    summary: 'One signal with its indicators and grades',
    query: noQuery,
    params: idParams,
    answer: Type.Object({ ...Detail.properties, outcomes: Type.Array(Outcome) }),
    handle: async (_query, { id }) => {
      const signal = await oneRow(context.postgres, 'signals', 'signal_id', id, Detail);
      const outcomes = await signalOutcomes(context.postgres, id);
      return { ...signal, outcomes: outcomes.map((row) => c.itemOf(Outcome, row)) };
    },
  });
};
