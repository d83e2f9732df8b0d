/** `GET /v1/accounts`: accounts with their balances. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';

const Account = Type.Object({
  account: c.text(),
  currency: c.text(),
  mode: c.text('paper, live, backtest or optimisation'),
  description: c.text('what it is for; that of a control group says so'),
  opening_balance: c.decimal(),
  balance: c.decimal('always the sum of its cash entries'),
  daily_loss_limit: c.maybe(c.decimal('per UTC day of event time; null: no limit')),
});

export const accounts = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'accounts',
    summary: 'Accounts',
    source: 'accounts',
    item: Account,
    time: null,
    ids: ['account'],
    filters: {},
  });
