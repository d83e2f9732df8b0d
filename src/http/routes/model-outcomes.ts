/**
 * `GET /v1/models/{id}/outcomes` and `GET /v1/models/outcomes`: how good predictions were, by
 * what then happened. The baseline is a model as any other: `baseline@1`.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { formatUs } from '../../domain/time.ts';
import { OUTCOME_GROUPS, type OutcomeGroup } from '../../learning/monitoring.ts';
import { modelOutcomes } from '../../questdb/tables/model-outcomes.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import * as p from '../parameters.ts';
import { badParameter, Problem } from '../problem.ts';
import { idParams, read } from '../route.ts';

const share = (description: string) => c.maybe(c.number(description));

const Metrics = c.titled('ModelMetrics', {
  model_id: c.text(),
  label_spec: c.text(),
  group: c.text('all, an instrument, a bucket of probability_up, a UTC day, or a regime'),
  rows: c.integer('eligible predictions with a matured label, in its newest revision'),
  unheeded: c.integer('vetoed or of a warm-up: in no metric'),
  hit_rate: share('right calls among rows with a call; exactly one half is none'),
  brier: share('mean squared difference of probability and outcome'),
  base_brier: share('the same if the share of ups were predicted each time'),
  log_loss: share('in nats'),
  base_log_loss: share('the same if the share of ups were predicted each time'),
  mean_probability_up: share('what was predicted on average'),
  share_up: share('how often it went up: equal to what was predicted where calibrated'),
  calibration_error: share('gaps of the two over buckets of 0.05, weighted by rows'),
  first_ts: c.time(),
  last_ts: c.time(),
});
export type ModelMetrics = Static<typeof Metrics>;

const Outcomes = c.titled('ModelOutcomes', {
  by: c.text(),
  from: c.maybe(c.time('of what was counted; null: nothing was predicted')),
  to: c.maybe(c.time()),
  items: Type.Array(Metrics),
});

const by = Type.Unsafe<OutcomeGroup>({
  type: 'string',
  enum: [...OUTCOME_GROUPS],
  default: 'model',
  description: 'what the rows of a model are grouped by',
});
const query = p.parameters({
  by: p.optional(by),
  venue: p.optional(p.venue),
  symbol: p.optional(p.symbol),
  label_spec: p.optional(
    Type.String({ ...p.labelSpec, description: 'a label spec; all if left out' }),
  ),
  from: p.optional(p.from),
  to: p.optional(p.to),
});

interface OutcomesQuery {
  readonly by?: OutcomeGroup;
  readonly venue?: string;
  readonly symbol?: string;
  readonly label_spec?: string;
  readonly from?: string;
  readonly to?: string;
}

export const modelOutcomesRoutes = (app: FastifyInstance, context: HttpContext): void => {
  const counted = async (wanted: OutcomesQuery, modelId?: string) => {
    const { by: group = 'model', venue, symbol, label_spec: labelSpec } = wanted;
    const [fromUs, toUs] = [p.timeParameter('from', wanted.from), p.timeParameter('to', wanted.to)];
    if (fromUs !== undefined && toUs !== undefined && fromUs > toUs) {
      throw badParameter('to', `${wanted.to} lies before "from", ${wanted.from}`);
    }
    const of = { modelId, venue, symbol, labelSpec, fromUs, toUs };
    const found = await modelOutcomes(context.questdb, { by: group, ...of });
    return {
      by: group,
      from: found.fromUs === null ? null : formatUs(found.fromUs),
      to: found.toUs === null ? null : formatUs(found.toUs),
      items: found.metrics.map((row) => c.toItem(Metrics, { ...row })),
    };
  };
  read(app, {
    path: '/v1/models/outcomes',
    noun: 'models',
    summary: 'How good every model was, on the newest 30 days of each instrument by default',
    query,
    answer: Outcomes,
    handle: (wanted) => counted(wanted),
  });
  read(app, {
    path: '/v1/models/:id/outcomes',
    noun: 'models',
    summary: "How good a model's predictions were, its newest 30 days by default",
    query,
    params: idParams,
    answer: Outcomes,
    handle: async (wanted, { id }) => {
      const found = await counted(wanted, id);
      if (found.from === null && !(await isKnown(context, id))) {
        throw new Problem(404, `there is no model_id "${id}"; ask the list for those that exist`);
      }
      return found;
    },
  });
};

/** A registered model without predictions is no mistake; a name that nobody has is one. */
async function isKnown({ postgres }: HttpContext, modelId: string): Promise<boolean> {
  const { rowCount } = await postgres.query('SELECT 1 FROM models WHERE model_id = $1', [modelId]);
  return rowCount === 1;
}
