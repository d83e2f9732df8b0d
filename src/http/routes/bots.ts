/** `GET /v1/bots`: bots with their settings as last sent to the log. */
import type { FastifyInstance } from 'fastify';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { account, optional } from '../parameters.ts';

const Bot = c.titled('Bot', {
  bot: c.text(),
  account: c.text(),
  status: c.text('on or off'),
  strategy: c.text(),
  config: c.json('its settings, whole; acts_on: champions, or baseline as a control group'),
  heartbeat_at: c.maybe(c.time()),
});

export const bots = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'bots',
    summary: 'Bots',
    source: 'bots',
    item: Bot,
    time: null,
    ids: ['bot'],
    filters: { account: optional(account) },
  });
