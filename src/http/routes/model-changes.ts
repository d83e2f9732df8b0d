/**
 * `POST /v1/models/{id}/promote`, `/v1/models/{id}/retire`, `/v1/models/rollback`: who decides, by
 * hand, and `/v1/models/changes/{id}/undo`: as it was before. `GET /v1/models/changes`: who changed
 * it, when and why.
 */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ChangeRefused, type Market, type ModelRequest } from '../../learning/model-change.ts';
import { changeModel, ModelMissing } from '../../postgres/tables/registry.ts';
import { ChangeMissing, readUndo } from '../../postgres/tables/registry-undo.ts';
import { modelChanges } from '../../postgres/tables/reviews.ts';
import * as c from '../columns.ts';
import { defaultLabelSpec, type HttpContext } from '../context.ts';
import { pagedRead } from '../paged-route.ts';
import { labelSpec, optional, symbol, venue } from '../parameters.ts';
import { Problem } from '../problem.ts';
import { idParams, write } from '../route.ts';

const why = Type.String({ minLength: 3, maxLength: 1000, description: 'kept in the audit log' });
const force = Type.Boolean({ description: 'also a model that has not passed the gate' });

const Changed = c.titled('ModelChanged', {
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  champion: c.maybe(c.text('null: the baseline decides')),
  states: c.json('the models whose state changed, and to what'),
  control_ids: Type.Array(c.text('of the records on their way into the log')),
  audit_id: c.integer('of the change: `/v1/models/changes/{id}/undo` takes it back'),
});

const Change = c.titled('ModelChange', {
  audit_id: c.integer(),
  at: c.time(),
  event_ts: c.maybe(c.text('event time, where it was known')),
  actor: c.text('the job, os:<account>, or http:<token>'),
  action: c.text(),
  model_id: c.text(),
  reason: c.maybe(c.text()),
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  forced: c.maybe(c.bool()),
  before: c.json('the champion, and the states of the models that changed'),
  after: c.json(),
  records: c.json('ids of the control records'),
});

/** There is one token so far, that of the installation. */
const ACTOR = 'http:installation';

export const modelChangesRoutes = (app: FastifyInstance, context: HttpContext): void => {
  const change = (request: ModelRequest, of: Market | null, reason: string) =>
    changing(async () => ({ request, market: of }), reason);
  const changing = async (
    wanted: () => Promise<{ request: ModelRequest; market: Market | null }>,
    reason: string,
  ) => {
    const by = { actor: ACTOR, why: reason };
    try {
      const { request, market: of } = await wanted();
      const done = await changeModel(context.postgres, request, of, by);
      const { venue: v, symbol: s, labelSpec: spec, champion, states, controlIds, auditId } = done;
      const changed = states.map(({ modelId, to }) => ({ model_id: modelId, state: to }));
      return {
        venue: v,
        symbol: s,
        label_spec: spec,
        champion,
        states: changed,
        control_ids: controlIds,
        audit_id: auditId,
      };
    } catch (error) {
      if (error instanceof ModelMissing || error instanceof ChangeMissing)
        throw new Problem(404, error.message);
      if (error instanceof ChangeRefused) throw new Problem(409, error.message);
      throw error;
    }
  };
  write(app, {
    path: '/v1/models/:id/promote',
    noun: 'models',
    summary: 'Makes a model champion from here on in the log',
    params: idParams,
    body: Type.Object({ why, force: optional(force) }, { additionalProperties: false }),
    answer: Changed,
    handle: (body, { id }) =>
      change({ action: 'promote', modelId: id, force: body.force === true }, null, body.why),
  });
  write(app, {
    path: '/v1/models/:id/retire',
    noun: 'models',
    summary: 'Takes a model out; where it was champion, the baseline decides',
    params: idParams,
    body: Type.Object({ why }, { additionalProperties: false }),
    answer: Changed,
    handle: (body, { id }) => change({ action: 'retire', modelId: id }, null, body.why),
  });
  write(app, {
    path: '/v1/models/rollback',
    noun: 'models',
    summary: 'Back to what the champion of an instrument took the place of',
    body: Type.Object(
      { why, venue, symbol, label_spec: optional(labelSpec) },
      { additionalProperties: false },
    ),
    answer: Changed,
    handle: ({ venue: v, symbol: s, label_spec, why: reason }) => {
      const spec = label_spec ?? defaultLabelSpec(context.config);
      return change({ action: 'rollback' }, { venue: v, symbol: s, labelSpec: spec }, reason);
    },
  });
  write(app, {
    path: '/v1/models/changes/:id/undo',
    noun: 'models',
    summary: 'Takes the newest change of an instrument back: every model is what it was before',
    params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) }),
    body: Type.Object({ why }, { additionalProperties: false }),
    answer: Changed,
    handle: (body, { id }) => changing(() => readUndo(context.postgres, id), body.why),
  });
  pagedRead(app, {
    path: '/v1/models/changes',
    noun: 'models',
    summary: 'The newest changes of the registry: who, when, what and why',
    filters: {},
    item: Change,
    keys: ['audit_id'],
    handle: async () => {
      const rows = await modelChanges(context.postgres);
      return rows.map((row) => c.toItem(Change, { ...row }));
    },
  });
};
