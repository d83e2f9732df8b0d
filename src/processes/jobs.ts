/**
 * The jobs process: finds what is to be done in the tables, puts it into queues, and runs the
 * workers. Queues may be lost: a second later they are filled again.
 *
 * Each kind of work has a clock of its own, and its own rest while it fails: alerts are looked at
 * however long a sweep takes, and whatever is away.
 */
import { setMaxListeners } from 'node:events';
import { openQueues, startWorkers } from '../adapters/queue.ts';
import { floorTo, US_PER_DAY } from '../domain/time.ts';
import { venueOf } from '../domain/venues.ts';
import { keyOf } from '../domain/wire.ts';
import { fireCalendar } from '../jobs/retrain.ts';
import { addDueRuns, newestDue } from '../tables/postgres/job-runs.ts';
import { reviewedSubjects } from '../tables/postgres/reviews.ts';
import type { Context } from './context.ts';
import { DueIndex } from './due-index.ts';
import { installationTime } from './installation-time.ts';
import { JobRunner } from './job-runner.ts';
import { sweepFailed, sweepLabels, sweepRuns, sweepSignals } from './job-sweeps.ts';
import { repeat } from './pace.ts';
import { reviewEveryUs } from './review-every.ts';
import { scheduleCuration } from './schedule-curation.ts';
import { StoredMarkets } from './stored-markets.ts';
import { StaleHolds } from './stale-holds.ts';
import { Troubles } from './troubles.ts';
import { LOOKS } from './watch.ts';

const SWEEP_MS = 500;
const SCHEDULE_MS = 5_000;
const LOOK_MS = 5_000;
const FAILED_MS = 30_000;

export async function runJobs(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, log } = context;
  const prefix = `${config.topicPrefix}tickloom`;
  const markets = new StoredMarkets(context.postgres, context.questdbReader());
  const index = new DueIndex();
  const queues = openQueues(config, prefix, log);
  // Each of the loops below waits for it.
  setMaxListeners(0, signal);
  const troubles = new Troubles(context);
  const holds = new StaleHolds();
  const runner = new JobRunner(context, troubles);
  const { isResting, perform } = runner;
  const stopWorkers = startWorkers({ redis: config, prefix, log, perform });
  const again = (name: string, everyMs: number, work: () => Promise<void>): Promise<void> => {
    const trouble = { key: `sweep:${name}`, component: 'jobs', code: 'sweep_failed' };
    const what = `looking for ${name} failed, it is tried again`;
    const onFailed = (error: unknown) => troubles.met({ ...trouble, what }, error);
    const onWell = () => troubles.over(trouble.key);
    return repeat({ everyMs, work, onFailed, onWell }, signal);
  };
  ready();
  try {
    await Promise.all([
      again('labels', SWEEP_MS, () => sweepLabels(context, queues, isResting)),
      again('grades', SWEEP_MS, () => sweepSignals(context, queues, isResting)),
      again('runs', SWEEP_MS, () => sweepRuns(context, queues, isResting)),
      again('failed runs', FAILED_MS, () => sweepFailed(context)),
      again('due runs', SCHEDULE_MS, () => schedule(markets, index, context)),
      again('frozen runs', LOOK_MS, async () => void (await holds.look(context))),
      again('open errors', FAILED_MS, () => troubles.refresh()),
      ...Object.entries(LOOKS).map(([name, look]) => again(name, LOOK_MS, () => look(context))),
    ]);
  } finally {
    await runner.stop();
    await stopWorkers();
    await queues.close();
  }
}

/**
 * In live operation a job of a market is due once that market's stored stream has passed its time;
 * another market's time says nothing of it, and nothing is due before the log's clock says so.
 */
async function schedule(
  storedMarkets: StoredMarkets,
  index: DueIndex,
  context: Context,
): Promise<void> {
  const { postgres, config } = context;
  const nowUs = await installationTime(context);
  if (nowUs === null) return;
  const reviewed = await reviewedSubjects(postgres);
  const markets = await storedMarkets.all();
  await scheduleCuration(context, markets, nowUs);
  for (const stored of markets) {
    const latenessUs = venueOf(stored.venue).latenessUs ?? config.latenessUs;
    const passedTs = Math.min(stored.to_ts, nowUs) - latenessUs;
    const reviewTs = floorTo(passedTs, reviewEveryUs(config));
    const isReviewed = reviewed.has(keyOf(stored)) && reviewTs > stored.from_ts;
    const subject = keyOf(stored);
    const due = (job: string, ts: number): Promise<void> =>
      index.once(job, subject, ts, () => makeDue(postgres, job, subject, ts));
    if (isReviewed) await due('review', reviewTs);
    const dueTs = floorTo(passedTs, config.retrainEveryUs);
    if (dueTs <= stored.from_ts) continue;
    await due('quality', dueTs);
    await index.once('training', subject, dueTs, () => fireCalendar(context, subject, dueTs));
  }
  if (markets.length > 0) {
    await makeDue(postgres, 'retention', 'all', floorTo(nowUs, US_PER_DAY));
  }
}

async function makeDue(
  postgres: Context['postgres'],
  job: string,
  subject: string,
  dueTs: number,
): Promise<void> {
  const newest = await newestDue(postgres, job, subject, dueTs);
  if (newest === null || newest < dueTs) await addDueRuns(postgres, job, [subject], dueTs);
}
