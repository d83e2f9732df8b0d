/**
 * `GET /v1/models/{id}/drift`: how far the served features have moved from what a model was trained
 * on. `GET /v1/models/{id}/verdict`: the evidence for and against it, session by session. `GET
 * /v1/models/triggers`: why models were trained again, and when.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { modelVerdict } from '../../../pipelines/review/verdict.ts';
import { formatUs, US_PER_HOUR } from '../../domain/time.ts';
import { newestReview } from '../../postgres/tables/reviews.ts';
import { modelDrift } from '../../summaries/model-drift.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import * as p from '../parameters.ts';
import { Problem } from '../problem.ts';
import { idParams, noQuery, read } from '../route.ts';

const Feature = c.titled('FeatureDrift', {
  name: c.text(),
  psi: c.maybe(c.number('population stability index; null: too few rows, or not served')),
  psi_by_chance: c.maybe(c.number('what that of an unmoved feature exceeds 1 time in 100')),
  verdict: c.text(
    'stable (also where chance moves it as far), moderate (from 0.1), drifted (from 0.25), ' +
      'few_rows or not_served',
  ),
  trained_null_share: c.number('share of the training rows without a value'),
  served_null_share: c.maybe(c.number('the same of the served rows')),
  gain_share: c.number("the feature's share of the model's split gain"),
});

const Drift = c.titled('Drift', {
  model_id: c.text(),
  venue: c.text(),
  symbol: c.text(),
  from: c.maybe(c.time('of the served rows that were counted')),
  to: c.maybe(c.time()),
  rows: c.integer(),
  reason: c.maybe(c.text('why there are no items: the model has no bins of its training set')),
  items: Type.Array(Feature),
});
export type Drift = Static<typeof Drift>;

const VerdictSession = c.titled('VerdictSession', {
  slot: c.text('champion, or the id of the model while it was a shadow'),
  from_ts: c.time('since when it held the slot'),
  session_ts: c.time('beginning of the session'),
  reference: c.text('against whom: champion (whoever decided) or base_rate (the class prior)'),
  side: c.text('candidate: bets that the model is better; reference: that the other is'),
  lateness_us: c.integer('the lateness that it was made with'),
  bets: c.integer('decisions that were bet on'),
  rival: c.maybe(c.text('the model that the last bet was against; null: none, or the baseline')),
  gain: c.number('sum of their gains, nats'),
  logs: Type.Array(Type.Number(), {
    description: 'logarithm of the growth of each of the twelve components',
  }),
  log_evidence: c.maybe(
    c.number('logarithm of the evidence behind it (of a champion: of the alarm); null: none yet'),
  ),
});

const Verdict = c.titled('Verdict', {
  model_id: c.text(),
  why: c.maybe(c.text('what the newest review came to; null: there was none')),
  items: Type.Array(VerdictSession),
});
export type Verdict = Static<typeof Verdict>;

const Trigger = c.titled('RetrainTrigger', {
  venue: c.text(),
  symbol: c.text(),
  label_spec: c.text(),
  kind: c.text('calendar, drift, decay or new_data'),
  fired_ts: c.time('event time; the training is due at the same'),
  model_id: c.maybe(c.text('the model that drifted or decayed')),
  detail: c.json('the reason in words, and its numbers with their thresholds'),
  created_at: c.time(),
});

const hours = Type.Integer({
  minimum: 1,
  maximum: 24 * 90,
  default: 24 * 7,
  description: 'how far back from "to" served rows are counted',
});
const until = Type.String({ ...p.to, description: 'the newest served row if left out' });

export const modelMonitoringRoutes = (app: FastifyInstance, context: HttpContext): void => {
  read(app, {
    path: '/v1/models/:id/drift',
    noun: 'models',
    summary: 'How far the served features have moved from what a model was trained on',
    query: p.parameters({ hours: p.optional(hours), to: p.optional(until) }),
    params: idParams,
    answer: Drift,
    handle: async (query, { id }) => {
      const found = await modelDrift(context.questdb, context.postgres, id, {
        windowUs: (query.hours ?? 24 * 7) * US_PER_HOUR,
        untilUs: p.timeParameter('to', query.to),
      });
      if (found === null) {
        throw unknownModel(id);
      }
      const { fromUs, toUs, features, ...rest } = found;
      return {
        ...rest,
        from: fromUs === null ? null : formatUs(fromUs),
        to: toUs === null ? null : formatUs(toUs),
        items: features.map((each) => c.toItem(Feature, { ...each })),
      };
    },
  });
  read(app, {
    path: '/v1/models/:id/verdict',
    noun: 'models',
    summary: 'The evidence for and against a model, session by session, oldest first',
    query: noQuery,
    params: idParams,
    answer: Verdict,
    handle: async (_query, { id }) => verdict(context, id),
  });
  postgresList(app, context, {
    noun: 'models',
    path: '/v1/models/triggers',
    summary: 'Why models were trained again, and when',
    source: 'retrain_triggers',
    item: Trigger,
    time: 'fired_ts',
    ids: ['venue', 'symbol', 'label_spec', 'kind'],
    filters: {
      venue: p.optional(p.venue),
      symbol: p.optional(p.symbol),
      label_spec: p.optional(Type.String({ ...p.labelSpec, description: 'all if left out' })),
    },
  });
};

async function verdict({ postgres }: HttpContext, modelId: string): Promise<Verdict> {
  const why = await newestReview(postgres, modelId);
  if (why === undefined) throw unknownModel(modelId);
  const tenures = await modelVerdict({ postgres }, modelId);
  const items = tenures.flatMap(({ slot, fromTs, sessions }) =>
    sessions.map(({ sessionTs, latenessUs, log_evidence: log, ...session }) => ({
      ...session,
      slot,
      from_ts: formatUs(fromTs),
      session_ts: formatUs(sessionTs),
      lateness_us: latenessUs,
      logs: [...session.logs],
      log_evidence: Number.isFinite(log) ? log : null,
    })),
  );
  return { model_id: modelId, why, items };
}

const unknownModel = (id: string): Problem =>
  new Problem(404, `there is no model_id "${id}"; ask the list for those that exist`);
