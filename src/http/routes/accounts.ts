/** `GET /v1/accounts`: accounts with their cash and what they are worth. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { readEquity } from '../../summaries/account-equity.ts';
import { MODES } from '../../domain/records/fill.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';

const Worth = {
  equity: c.maybe(
    c.decimal('cash and open positions at their last price; null: one has none that can be read'),
  ),
  priced_ts: c.maybe(c.time('of the oldest of those prices; null: nothing is open')),
};
const Account = c.titled('Account', {
  account: c.text(),
  currency: c.text(),
  mode: c.oneOf(MODES),
  description: c.text('what it is for; that of a control group says so'),
  opening_balance: c.decimal(),
  balance: c.decimal('cash: the sum of its cash entries, with the proceeds of what is sold short'),
  ...Worth,
  daily_loss_limit: c.maybe(c.decimal('per UTC day of event time; null: no limit')),
});
export type Account = Static<typeof Account>;

const UNKNOWN = { equity: null, priced_ts: null };

export const accounts = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'accounts',
    summary: 'Accounts',
    source: 'accounts',
    item: Account,
    time: null,
    ids: ['account'],
    filters: {},
    more: Worth,
    toItems: async (rows) => {
      const held = rows.map(({ account, balance }) => ({
        account: String(account),
        balance: String(balance),
      }));
      // QuestDB away: the books still say what they hold.
      const worth = await readEquity(context.postgres, context.questdb, held).catch(() => null);
      return rows.map((row) =>
        c.toItem(Account, { ...row, ...(worth?.get(String(row['account'])) ?? UNKNOWN) }),
      );
    },
  });
