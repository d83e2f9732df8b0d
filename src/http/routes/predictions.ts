/**
 * `GET /v1/predictions`: what was predicted, joined with what became of it. A prediction without a
 * label is pending; that is never stored, only seen here.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { gradedPredictions, OUTCOMES } from '../tables/predictions.ts';
import { StoredLabel } from '../../domain/records/label.ts';
import { StoredPrediction } from '../../domain/records/prediction.ts';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { labelSpec, optional, symbol, venue } from '../parameters.ts';

const stored = c.shown(Type.Omit(StoredPrediction, ['imported_at']));
const { forward_return, void_reason } = c.shown(StoredLabel);
const outcome = {
  outcome: c.oneOf(OUTCOMES, 'undecided: a probability of one half'),
  forward_return,
  void_reason,
};
const Stored = Type.Object(stored);
export const Prediction = c.titled('Prediction', { ...stored, ...outcome });
export type Prediction = Static<typeof Prediction>;

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
    toItems: async (rows, filters) => {
      const graded = await gradedPredictions(context.questdb, rows, filters['label_spec'] ?? '');
      return graded.map(({ row, outcome: found, label }) =>
        Object.assign(c.toItem(Stored, row), {
          outcome: found,
          forward_return: label?.forward_return ?? null,
          void_reason: label?.void_reason ?? null,
        }),
      );
    },
    maximum: 5000,
  });
};
