/** `GET /v1/datasets` and `/v1/datasets/{id}/manifest`: training sets that were built. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { oneRow } from '../one-row.ts';
import { idParams, noQuery, read } from '../route.ts';

const Dataset = Type.Object({
  dataset_id: c.text(),
  sha256: c.text(),
  rows: c.integer(),
  created_at: c.time(),
});
const Detail = Type.Object({ ...Dataset.properties, manifest: c.json() });

export const datasets = (app: FastifyInstance, context: HttpContext): void => {
  const { postgres } = context;
  const byId = (id: string) => oneRow(postgres, 'datasets', 'dataset_id', id, Detail);
  postgresList(app, context, {
    noun: 'datasets',
    summary: 'Training sets',
    source: 'datasets',
    item: Dataset,
    time: 'created_at',
    ids: ['dataset_id'],
    filters: {},
  });
  const one = { noun: 'datasets', query: noQuery, params: idParams };
  read(app, {
    ...one,
    path: '/v1/datasets/:id',
    summary: 'One training set',
    answer: Detail,
    handle: (_query, { id }) => byId(id),
  });
  read(app, {
    ...one,
    path: '/v1/datasets/:id/manifest',
    summary: 'The manifest of a training set: definition, cut, rows, exclusions, files',
    answer: Detail.properties.manifest,
    handle: async (_query, { id }) => (await byId(id))['manifest'],
  });
};
