/**
 * `GET /v1/signals` and `/v1/signals/{id}`: what the bots wanted, and how it ended; `/refusals`:
 * what they may not trade.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { signalOutcomes } from '../tables/signals.ts';
import { SignalOutcome } from '../../domain/records/label.ts';
import {
  Refusal as RefusalRecord,
  Signal as SignalRecord,
  SIGNAL_STATES,
} from '../../domain/records/signal.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { oneRow } from '../one-row.ts';
import { postgresList } from '../list-route.ts';
import { account, bot, optional, state, symbol, venue } from '../parameters.ts';
import { idParams, noQuery, read } from '../route.ts';

export const Signal = c.titled('Signal', {
  ...c.shown(Type.Omit(SignalRecord, ['kind', 'indicators'])),
  state: c.oneOf(SIGNAL_STATES),
  state_reason: c.maybe(c.text('why it ended so')),
  state_ts: c.maybe(c.time('when it ended so')),
  result: c.shown(SignalOutcome).result,
  trade_id: c.maybe(c.text('the trade that it became')),
});
export type Signal = Static<typeof Signal>;

const Outcome = c.titled('SignalOutcome', c.shown(Type.Omit(SignalOutcome, ['signal_id'])));

const Detail = Type.Object({ ...Signal.properties, indicators: c.json('values by name') });

const Refusal = c.titled('Refusal', c.shown(Type.Omit(RefusalRecord, ['kind', 'refusal_id'])));

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
    answer: c.titled('SignalDetail', { ...Detail.properties, outcomes: Type.Array(Outcome) }),
    handle: async (_query, { id }) => {
      const signal = await oneRow(context.postgres, 'signals', 'signal_id', id, Detail);
      const outcomes = await signalOutcomes(context.postgres, id);
      return { ...signal, outcomes: outcomes.map((row) => c.toItem(Outcome, row)) };
    },
  });
};
