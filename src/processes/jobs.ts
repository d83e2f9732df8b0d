/**
 * The jobs process: finds what is to be done in the tables, puts it into queues, and runs the
 * workers. Queues may be lost: a second later they are filled again.
 */
import { openQueues, startWorkers, type JobQueues } from '../adapters/queue.ts';
import { sleep } from '../clock.ts';
import { floorTo, US_PER_DAY } from '../domain/time.ts';
import { venueOf } from '../domain/venues.ts';
import { keyOf } from '../domain/wire.ts';
import { fireCalendar } from '../jobs/retrain.ts';
import { recordError } from '../tables/postgres/errors.ts';
import { addDueRuns, finishRun, newestDue, openRuns } from '../tables/postgres/job-runs.ts';
import { reviewedSubjects } from '../tables/postgres/reviews.ts';
import { ungradedSignals } from '../tables/postgres/signal-outcomes.ts';
import type { LabelBacklog } from '../tables/questdb/pending-labels.ts';
import { storedInstruments } from '../tables/questdb/stored-ticks.ts';
import type { SqlReader } from '../tables/questdb/table.ts';
import type { Context } from './context.ts';
import { reviewEveryUs } from './review-every.ts';
import { scheduleCuration } from './schedule-curation.ts';
import { watch } from './watch.ts';

const SWEEP_MS = 500;
const SCHEDULE_EVERY_SWEEPS = 10;
const WATCH_EVERY_SWEEPS = 20;
const ATTEMPTS_MAX = 3;

export async function runJobs(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, log, postgres } = context;
  const prefix = `${config.topicPrefix}tickloom`;
  const reader = context.questdbReader();
  const queues = openQueues(config, prefix, log);
  const stopWorkers = startWorkers(
    (queue) => new URL(`../jobs/processors/${queue}.ts`, import.meta.url),
    {
      redis: config,
      prefix,
      log,
      onFailed: (queue, data, error) => {
        void noteFailure(context, queue, data?.subject ?? '', error);
      },
    },
  );
  ready();
  try {
    for (let sweep = 0; !signal.aborted; sweep++) {
      try {
        await sweepLabels(context.labelBacklog(), queues);
        await sweepSignals(context, queues);
        await enqueueRuns(queues, context);
        if (sweep % SCHEDULE_EVERY_SWEEPS === 0) await schedule(reader, context);
      } catch (error) {
        log.warn({ err: error }, 'a sweep failed, the next one tries again');
      }
      if (sweep % WATCH_EVERY_SWEEPS === 0) await watch(context);
      await sleep(SWEEP_MS, signal);
    }
  } finally {
    await stopWorkers();
    await queues.close();
    await postgres.query('SELECT 1').catch(() => undefined);
  }
}

async function sweepLabels(backlog: LabelBacklog, queues: JobQueues): Promise<void> {
  for (const pending of await backlog.pending()) {
    const data = {
      subject: keyOf(pending),
      dueTs: pending.decidedByUs,
      labelSpec: pending.label_spec,
      fromTs: pending.from_ts,
    };
    await queues.add('labels', data);
  }
}

async function sweepSignals({ postgres, config }: Context, queues: JobQueues): Promise<void> {
  for (const pending of await ungradedSignals(postgres, config)) {
    await queues.add('grades', { subject: keyOf(pending), dueTs: pending.decidedByUs });
  }
}

async function enqueueRuns(queues: JobQueues, { postgres }: Context): Promise<void> {
  for (const run of await openRuns(postgres)) {
    if (run.attempts >= ATTEMPTS_MAX) {
      const reason = `failed ${run.attempts} times; see the errors table`;
      await finishRun(postgres, run, 'failed', { ...run.detail, reason });
    } else if (isScheduled(run.job)) {
      await queues.add(run.job, { subject: run.subject, dueTs: run.due_ts });
    }
  }
}

const SCHEDULED = ['quality', 'review', 'training', 'retention', 'curation', 'dataset'] as const;
const isScheduled = (job: string): job is (typeof SCHEDULED)[number] =>
  SCHEDULED.some((known) => known === job);

/** In live operation a job is due once an instrument's stored stream has passed its time. */
async function schedule(reader: SqlReader, context: Context): Promise<void> {
  const { postgres, config } = context;
  let newestTs = -1;
  const reviewed = await reviewedSubjects(postgres);
  const markets = await storedInstruments(reader);
  await scheduleCuration(context, markets);
  for (const stored of markets) {
    const latenessUs = venueOf(stored.venue).latenessUs ?? config.latenessUs;
    const passedTs = stored.to_ts - latenessUs;
    const reviewTs = floorTo(passedTs, reviewEveryUs(config));
    const isReviewed = reviewed.has(keyOf(stored)) && reviewTs > stored.from_ts;
    if (isReviewed) await makeDue(postgres, 'review', keyOf(stored), reviewTs);
    const dueTs = floorTo(passedTs, config.retrainEveryUs);
    if (dueTs <= stored.from_ts) continue;
    newestTs = Math.max(newestTs, dueTs);
    await fireCalendar(context, keyOf(stored), dueTs);
  }
  if (newestTs < 0) return;
  await makeDue(postgres, 'quality', 'all', newestTs);
  await makeDue(postgres, 'retention', 'all', floorTo(newestTs, US_PER_DAY));
}

async function makeDue(
  postgres: Context['postgres'],
  job: string,
  subject: string,
  dueTs: number,
): Promise<void> {
  const newest = await newestDue(postgres, job, subject);
  if (newest === null || newest < dueTs) await addDueRuns(postgres, job, [subject], dueTs);
}

async function noteFailure(
  { postgres, log }: Context,
  queue: string,
  subject: string,
  error: Error,
): Promise<void> {
  try {
    await postgres.query(
      `UPDATE job_runs SET attempts = attempts + 1, detail = $3
       WHERE job = $1 AND subject = $2 AND state IN ('due', 'running')`,
      [queue, subject, { reason: error.message }],
    );
    await recordError(postgres, {
      key: `job:${queue}:${subject}:${error.message.slice(0, 100)}`,
      severity: 'error',
      component: queue,
      code: 'job_failed',
      message: error.message,
      context: { subject },
      stack: error.stack,
    });
  } catch (failure) {
    log.error({ err: failure }, 'a failed job could not be recorded');
  }
}
