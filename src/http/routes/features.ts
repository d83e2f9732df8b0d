/** `GET /v1/features`: one instrument's feature rows, the highest revision of each. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { optional, symbol, venue } from '../parameters.ts';

const fixed = {
  ts: c.time('end of the candle'),
  decided_ts: c.time(),
  known_at: c.time(),
  venue: c.text(),
  symbol: c.text(),
  feature_set: c.text('name@hash of its definition'),
  revision: c.integer('0: as served'),
  feature_id: c.text(),
  flags: c.maybe(c.text('joined with commas')),
  imported_at: c.maybe(c.time('when what decided it came, if that was imported')),
};
const Fixed = Type.Object(fixed);
const Feature = Type.Object({
  ...fixed,
  values: Type.Record(Type.String(), c.maybe(c.number()), {
    description: 'feature by name; null: not computable yet',
  }),
});

export const features = (app: FastifyInstance, context: HttpContext): void =>
  questdbList(app, context, {
    noun: 'features',
    summary: 'Feature values of an instrument',
    source: 'features_latest',
    columns: ['*'],
    item: Feature,
    ties: ['feature_set'],
    filters: {
      venue,
      symbol,
      feature_set: optional(Type.String({ description: 'name@hash of its definition' })),
    },
    itemsOf: (rows) =>
      rows.map((row) => {
        const values = Object.entries(row).filter(([name]) => !Object.hasOwn(fixed, name));
        return { ...c.itemOf(Fixed, row), values: Object.fromEntries(values) };
      }),
  });
