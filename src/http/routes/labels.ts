/** `GET /v1/labels`: what became of an instrument's decisions, the highest revision of each. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { labelSpec, optional, symbol, venue } from '../parameters.ts';

const Label = Type.Object({
  ts: c.time('of the prediction'),
  decided_ts: c.time(),
  label_known_at: c.time(),
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  revision: c.integer('0: as first labelled'),
  entry_ts: c.maybe(c.time()),
  entry_price: c.maybe(c.number()),
  exit_ts: c.maybe(c.time()),
  exit_price: c.maybe(c.number()),
  forward_return: c.maybe(c.number()),
  up: c.maybe(c.integer('1 or 0')),
  state: c.text('matured or void'),
  void_reason: c.maybe(c.text()),
  flags: c.maybe(c.text('joined with commas')),
});

export const labels = (app: FastifyInstance, context: HttpContext): void =>
  questdbList(app, context, {
    noun: 'labels',
    summary: 'Graded decisions of an instrument',
    source: 'labels_latest',
    item: Label,
    ties: [],
    filters: { venue, symbol, label_spec: optional(labelSpec) },
    defaults: { label_spec: defaultLabelSpec(context.config) },
    maximum: 5000,
  });
