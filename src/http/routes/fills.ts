/** `GET /v1/fills`: executions, as booked. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Fill as FillRecord } from '../../domain/records/fill.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { account, bot, optional, symbol, venue } from '../parameters.ts';

const { venue: atVenue, account: inAccount, ...rest } = c.shown(Type.Omit(FillRecord, ['kind']));
export const Fill = c.titled('Fill', {
  venue: atVenue,
  account: inAccount,
  ...rest,
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
