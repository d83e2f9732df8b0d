/**
 * `GET /v1/predictions`: what was predicted, joined with what became of it. A prediction without a
 * label is pending; that is never stored, only seen here.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { gradedPredictions } from '../tables/predictions.ts';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { labelSpec, optional, symbol, venue } from '../parameters.ts';

const stored = {
  ts: c.time('end of the candle that it was made at'),
  decided_ts: c.time('nobody can act before it'),
  known_at: c.time(),
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  slot: c.text('champion, or the id of a shadow model'),
  prediction_id: c.text(),
  feature_id: c.text(),
  model_id: c.text(),
  horizon_s: c.integer(),
  probability_up: c.number(),
  expected_return: c.number(),
  verdict: c.text('ok, outlier, expired or warming_up'),
  close: c.number(),
};
const outcome = {
  outcome: c.text('right, wrong, undecided (a probability of one half), void or pending'),
  forward_return: c.maybe(c.number()),
  void_reason: c.maybe(c.text()),
};
const Stored = Type.Object(stored);
export const Prediction = Type.Object({ ...stored, ...outcome });

export const predictions = (app: FastifyInstance, context: HttpContext): void => {
  const slot = optional(Type.String({ description: 'champion unless given' }));
  questdbList(app, context, {
    noun: 'predictions',
    summary: 'Predictions of an instrument and their outcomes',
    source: 'predictions',
    columns: Object.keys(stored),
    item: Prediction,
    ties: [],
    filters: { venue, symbol, label_spec: optional(labelSpec), slot },
    defaults: { label_spec: defaultLabelSpec(context.config), slot: 'champion' },
    itemsOf: async (rows, filters) => {
      const graded = await gradedPredictions(context.questdb, rows, filters['label_spec'] ?? '');
      return graded.map(({ row, outcome: found, label }) =>
        Object.assign(c.itemOf(Stored, row), {
          outcome: found,
          forward_return: label?.forward_return ?? null,
          void_reason: label?.void_reason ?? null,
        }),
      );
    },
    maximum: 5000,
  });
};
