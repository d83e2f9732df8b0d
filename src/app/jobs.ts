/**
 * The jobs process: finds what is to be done in the tables, puts it into queues, and runs the
 * workers. Queues may be lost: a second later they are filled again.
 *
 * Each kind of work has a clock of its own, and its own rest while it fails: alerts are looked at
 * however long a sweep takes, and whatever is away.
 */
import { setMaxListeners } from 'node:events';
import { openQueues, startWorkers } from '../queue/queue.ts';
import type { Context } from '../runtime/context.ts';
import { JobRunner } from './job-runner.ts';
import { sweepFailed, sweepLabels, sweepRuns, sweepSignals } from './job-sweeps.ts';
import { repeat, type Repeated } from '../runtime/pace.ts';
import { Schedule } from './schedule.ts';
import { StaleHolds } from './stale-holds.ts';
import { Troubles } from '../runtime/troubles.ts';
import { LOOKS } from './watch.ts';

const SWEEP_MS = 500;
const SCHEDULE_MS = 5_000;
/** An alert is there within ten seconds. */
const LOOK_MS = 8_000;
const FAILED_MS = 30_000;

export async function runJobs(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, log } = context;
  const prefix = `${config.topicPrefix}tickloom`;
  const schedule = new Schedule(context);
  const queues = openQueues(config, prefix, log);
  // Each of the loops below waits for it.
  setMaxListeners(0, signal);
  const troubles = new Troubles(context);
  const holds = new StaleHolds();
  const runner = new JobRunner(context, troubles);
  const { isResting, perform } = runner;
  const stopWorkers = startWorkers({ redis: config, prefix, log, perform });
  const again = (name: string, everyMs: number, work: Repeated['work']): Promise<void> => {
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
      again('due runs', SCHEDULE_MS, () => schedule.look()),
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
