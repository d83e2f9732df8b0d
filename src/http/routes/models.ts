/** `GET /v1/models` and `/v1/models/{id}`: trained models, their verdicts and where they decide. */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { modelActivations } from '../tables/models.ts';
import type { ModelManifest } from '../../learning/artefact.ts';
import type { GateVerdict } from '../../learning/gate.ts';
import { MODEL_STATES } from '../../learning/model-change.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { oneRow } from '../one-row.ts';
import { labelSpec, optional, state, symbol, venue } from '../parameters.ts';
import { pagedRead } from '../paged-route.ts';
import { idParams, noQuery, read } from '../route.ts';

/** Of what was made before there were manifests. */
type NoManifest = { readonly gate?: undefined };

const Model = c.titled('Model', {
  model_id: c.text(),
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  state: c.oneOf(MODEL_STATES),
  sha256: c.text('of the artefact'),
  metrics: c.json('numbers by name'),
  verdict: c.json<GateVerdict | null>(
    'the gate: passed, and its reasons: rule, passed, detail, value, threshold',
  ),
  dataset_id: c.maybe(c.text()),
  origin: c.text('training, or registered: made elsewhere'),
  waits_because: c.maybe(c.text('why a candidate waits; null: it is none')),
  replaced: c.maybe(c.text('the champion before it; null: the baseline, or never champion')),
  changed_by: c.maybe(c.text('what changed its state last')),
  changed_ts: c.maybe(c.time('event time of that, where it was known')),
  trained_at: c.time('event time: the as_of of the training'),
  created_at: c.time(),
});
export type Model = Static<typeof Model>;
const Detail = Type.Object({
  ...Model.properties,
  manifest: c.json<ModelManifest | NoManifest>(),
});

const Activation = c.titled('Activation', {
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  slot: c.text('champion, or the id of a shadow model'),
  model_id: c.text(),
  from_ts: c.maybe(c.time('null until the log has shown it')),
  until_ts: c.maybe(c.time('null: in force')),
  created_at: c.time(),
});
export type Activation = Static<typeof Activation>;

const Whole = c.titled('ModelDetail', {
  ...Detail.properties,
  activations: Type.Array(Activation),
});
export type ModelDetail = Static<typeof Whole>;

const ALL_ACTIVATIONS = 100_000;

export const models = (app: FastifyInstance, context: HttpContext): void => {
  const filters = {
    venue: optional(venue),
    symbol: optional(symbol),
    label_spec: optional(labelSpec),
    state: optional(state),
  };
  postgresList(app, context, {
    noun: 'models',
    summary: 'Trained models with the verdict of the gate and its reasons',
    source: 'models',
    item: Model,
    time: 'trained_at',
    ids: ['model_id'],
    filters,
  });
  read(app, {
    path: '/v1/models/:id',
    noun: 'models',
    summary: 'One model with its manifest, and where and when it decided',
    query: noQuery,
    params: idParams,
    answer: Whole,
    handle: async (_query, { id }) => {
      const model = await oneRow(context.postgres, 'models', 'model_id', id, Detail);
      const rows = await modelActivations(context.postgres, { model_id: id });
      return { ...model, activations: rows.map((row) => c.toItem(Activation, row)) };
    },
  });
  pagedRead(app, {
    path: '/v1/models/activations',
    noun: 'models',
    summary: 'Which model decided from when to when; where there is none, the baseline did',
    filters: { venue: optional(venue), symbol: optional(symbol) },
    item: Activation,
    keys: ['venue', 'symbol', 'label_spec', 'slot', 'model_id', 'created_at'],
    usual: 200,
    handle: async (query) => {
      const rows = await modelActivations(context.postgres, query, ALL_ACTIVATIONS);
      return rows.map((row) => c.toItem(Activation, row));
    },
  });
};
