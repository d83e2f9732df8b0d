/** `GET /v1/alerts`: what an operator should look at. */
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { optional, state } from '../parameters.ts';

const Alert = c.titled('Alert', {
  alert_id: c.integer(),
  alert_key: c.text(),
  severity: c.text(),
  subject: c.text(),
  message: c.text(),
  context: c.json(),
  state: c.text('open, acknowledged or resolved'),
  created_at: c.time(),
  acknowledged_at: c.maybe(c.time()),
});
export type Alert = Static<typeof Alert>;

export const alerts = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'alerts',
    summary: 'Alerts, newest first',
    source: 'alerts',
    item: Alert,
    time: 'created_at',
    ids: ['alert_key'],
    filters: { state: optional(state) },
  });
