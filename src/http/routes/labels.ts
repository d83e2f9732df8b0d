/**
 * `GET /v1/labels`: what became of an instrument's decisions, the highest revision of each.
 * `GET /v1/labels/statistics`: what there is to train on.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { trainingData } from '../../questdb/tables/training-data.ts';
import { StoredLabel } from '../../domain/records/label.ts';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { labelSpec, optional, symbol, venue } from '../parameters.ts';
import { pagedRead } from '../paged-route.ts';

const Label = c.titled('Label', {
  ...c.shown(Type.Omit(StoredLabel, ['imported_at'])),
  flags: c.flags,
});

const TrainingData = c.titled('TrainingData', {
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  samples: c.integer('decisions with a matured outcome'),
  ups: c.integer(),
  up_share: c.maybe(c.number('a half: the classes are even')),
  newest_week: c.integer('samples of the seven UTC days up to that of the last one'),
  week_before: c.integer('and of those before: how fast they grow'),
  void: c.json('graded decisions that are no samples: how many, by reason'),
  first_ts: c.maybe(c.time()),
  last_ts: c.maybe(c.time('of the last sample')),
  last_up: c.maybe(c.integer('what it was: 1 or 0')),
  last_forward_return: c.maybe(c.number()),
  days: Type.Array(Type.Object({ day: c.text('UTC'), samples: c.integer(), ups: c.integer() })),
});

export const labels = (app: FastifyInstance, context: HttpContext): void => {
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
  pagedRead(app, {
    path: '/v1/labels/statistics',
    noun: 'labels',
    summary: 'What there is to train on: samples, balance, growth, and the last of them',
    filters: {
      venue: optional(venue),
      symbol: optional(symbol),
      label_spec: optional(Type.String({ ...labelSpec, description: 'all if left out' })),
    },
    item: TrainingData,
    keys: ['venue', 'symbol', 'label_spec'],
    handle: async ({ label_spec: spec, ...of }) => {
      const found = await trainingData(context.questdb, { ...of, labelSpec: spec });
      return found.map((each) => c.toItem(TrainingData, { ...each }));
    },
  });
};
