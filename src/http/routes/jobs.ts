/**
 * `GET /v1/jobs`: runs of the jobs, by the event time at which they were due; `/v1/jobs/{id}` one
 * of them; `POST /v1/jobs/{id}/retry` and `/cancel` by hand.
 */
import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { newestRuns } from '../tables/jobs.ts';
import {
  changeRun,
  RunMissing,
  RunRefused,
  showRun,
  type RunChange,
  type ShownRun,
} from '../../postgres/tables/job-changes.ts';
import { JOB_STATES } from '../../postgres/tables/job-runs.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { optional, state } from '../parameters.ts';
import { pagedRead } from '../paged-route.ts';
import { Problem } from '../problem.ts';
import { noQuery, read, write } from '../route.ts';

const Job = c.titled('JobRun', {
  run_id: c.integer(),
  job: c.text(),
  subject: c.text(),
  due_ts: c.time('event time'),
  state: c.oneOf(JOB_STATES),
  attempts: c.integer('that failed'),
  outages: c.integer('times that it was put off because a server was away'),
  cause: c.maybe(c.text('how the last try ended that gave no result')),
  last_error: c.maybe(c.text()),
  next_try_at: c.maybe(c.time()),
  detail: c.json(),
  created_at: c.time(),
  started_at: c.maybe(c.time()),
  alive_at: c.maybe(c.time('the last sign of life of the try that runs')),
  finished_at: c.maybe(c.time()),
});
const Newest = c.titled('NewestRun', {
  ...Job.properties,
  runs: c.integer('of this job, all subjects'),
  open: c.integer('of those, due or running'),
  failed: c.integer('of those, failed'),
});
export type NewestRun = Static<typeof Newest>;

const Shown = c.titled('ShownRun', {
  ...Job.properties,
  step: c.maybe(c.text('how far it is')),
  age_s: c.integer('seconds since it was made due'),
});

const params = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
const why = Type.String({ maxLength: 1000, description: 'kept in the audit log' });
/** It may be left out. */
const body = Type.Union([
  Type.Null(),
  Type.Object({ why: optional(why) }, { additionalProperties: false }),
]);
/** There is one token so far, that of the installation. */
const ACTOR = 'http:installation';

async function shown(run: Promise<ShownRun>) {
  try {
    return c.toItem(Shown, { ...(await run) });
  } catch (error) {
    if (error instanceof RunMissing) throw new Problem(404, error.message);
    if (error instanceof RunRefused) throw new Problem(409, error.message);
    throw error;
  }
}

export const jobs = (app: FastifyInstance, context: HttpContext): void => {
  postgresList(app, context, {
    noun: 'jobs',
    summary: 'Runs of jobs',
    source: 'job_runs',
    item: Job,
    time: 'due_ts',
    ids: ['job', 'subject'],
    filters: {
      job: optional(Type.String({ description: 'the name of a job' })),
      subject: optional(Type.String({ description: 'what it runs for' })),
      state: optional(state),
    },
  });
  pagedRead(app, {
    path: '/v1/jobs/newest',
    noun: 'jobs',
    summary: 'Of every job the run that was due last, in event time',
    filters: {},
    item: Newest,
    keys: ['job'],
    handle: async () => {
      const rows = await newestRuns(context.postgres);
      return rows.map((row) => c.toItem(Newest, row));
    },
  });
  read(app, {
    path: '/v1/jobs/:id',
    noun: 'jobs',
    summary: 'One run: how far it is, its last error, its next try',
    params,
    query: noQuery,
    answer: Shown,
    handle: (_query, { id }) => shown(showRun(context.postgres, id)),
  });
  for (const [change, summary] of Object.entries(CHANGES) as [RunChange, string][]) {
    write(app, {
      path: `/v1/jobs/:id/${change}`,
      noun: 'jobs',
      summary,
      params,
      body,
      answer: Shown,
      handle: (note, { id }) =>
        shown(changeRun(context.postgres, change, id, { actor: ACTOR, why: note?.why ?? null })),
    });
  }
};

const CHANGES: Readonly<Record<RunChange, string>> = {
  retry: 'Tries a run now, as if for the first time',
  cancel: 'Calls a run off; one that runs is ended',
};
