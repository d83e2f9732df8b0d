/** `GET /v1/errors`: what went wrong, one row per trouble however often it came. */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { optional, state } from '../parameters.ts';

const ErrorItem = c.titled('Error', {
  error_id: c.integer(),
  error_key: c.text(),
  severity: c.text(),
  component: c.text(),
  code: c.text(),
  message: c.text(),
  context: c.json(),
  state: c.text('open or resolved'),
  occurrences: c.integer(),
  note: c.maybe(c.text()),
  created_at: c.time(),
  last_seen_at: c.time(),
  resolved_at: c.maybe(c.time()),
});
export type ErrorItem = Static<typeof ErrorItem>;

export const errors = (app: FastifyInstance, context: HttpContext): void =>
  postgresList(app, context, {
    noun: 'errors',
    summary: 'Errors, last seen first',
    source: 'errors',
    item: ErrorItem,
    time: 'last_seen_at',
    ids: ['error_key'],
    filters: {
      state: optional(state),
      severity: optional(Type.String({ description: 'debug, info, warning, error or critical' })),
      component: optional(Type.String({ description: 'the stage or job' })),
    },
  });
