/** `GET /v1/jobs`: runs of the jobs, by the event time at which they were due. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { newestRuns } from '../../tables/http/jobs.ts';
import * as c from '../columns.ts';
import type { HttpContext } from '../context.ts';
import { postgresList } from '../list-route.ts';
import { optional, state } from '../parameters.ts';
import { listOf, noQuery, read } from '../route.ts';

const Job = Type.Object({
  job: c.text(),
  subject: c.text(),
  due_ts: c.time('event time'),
  state: c.text('due, running, done, refused or failed'),
  attempts: c.integer(),
  detail: c.json(),
  created_at: c.time(),
  started_at: c.maybe(c.time()),
  finished_at: c.maybe(c.time()),
});
const Newest = Type.Object({
  ...Job.properties,
  runs: c.integer('of this job, all subjects'),
  open: c.integer('of those, due or running'),
  failed: c.integer('of those, failed'),
});

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
  read(app, {
    path: '/v1/jobs/newest',
    noun: 'jobs',
    summary: 'The last run of every job',
    query: noQuery,
    answer: listOf(Newest),
    handle: async () => {
      const rows = await newestRuns(context.postgres);
      return { items: rows.map((row) => c.itemOf(Newest, row)), next: null };
    },
  });
};
