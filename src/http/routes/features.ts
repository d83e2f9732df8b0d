/** `GET /v1/features`: one instrument's feature rows, the highest revision of each. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Feature as FeatureRecord, StoredFeature } from '../../domain/records/feature.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { questdbList } from '../list-route.ts';
import { optional, symbol, venue } from '../parameters.ts';

const fixed = { ...c.shown(StoredFeature), flags: c.flags };
const Fixed = Type.Object(fixed);
const Feature = c.titled('Feature', {
  ...fixed,
  values: FeatureRecord.properties.values,
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
    toItems: (rows) =>
      rows.map((row) => {
        const values = Object.entries(row).filter(([name]) => !Object.hasOwn(fixed, name));
        return { ...c.toItem(Fixed, row), values: Object.fromEntries(values) };
      }),
  });
