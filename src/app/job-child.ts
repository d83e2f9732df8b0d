/**
 * The entry of a process that runs jobs, `job-child.ts QUEUE`, one after the other: sent by its
 * parent what to do, it reports how that ended. What happened in between is in the tables.
 */
import { must } from '../assert.ts';
import { isSwept, QUEUES, type JobData, type QueueName } from '../queue/queue-names.ts';
import { findOutage } from '../runtime/outage.ts';
import type { Context } from '../runtime/context.ts';
import { holdRun, takeRun } from '../postgres/tables/job-attempts.ts';
import { noteStep, readRun } from '../postgres/tables/job-runs.ts';
import { startHeartbeats } from '../runtime/heartbeat-thread.ts';
import { inJob, inKept } from '../runtime/job-context.ts';

/** What a parent requests. */
export interface JobTask {
  readonly data: JobData;
  /** Names this try. */
  readonly claim: string;
}

/** How it ended: `elsewhere`: another process has the run; `over`: it was finished before. */
export type JobAnswer =
  | { readonly ended: 'done' | 'elsewhere' | 'over' }
  | {
      readonly ended: 'error' | 'outage';
      readonly about: string | null;
      readonly error: SentError;
    };

/** An error on its way between processes. */
export interface SentError {
  readonly message: string;
  readonly stack: string | undefined;
}

/** What a job does; `report` says for people how far it is. */
export type Work = (
  context: Context,
  data: JobData,
  report: (progress: string) => Promise<void>,
) => Promise<void>;

/** Each is loaded by the child of its queue alone. */
const WORK: Readonly<Record<QueueName, () => Promise<Work>>> = {
  labels: async () => (await import('../../pipelines/labels/label-sets.ts')).runLabelJob,
  grades: async () => (await import('../../pipelines/grades/job.ts')).runGrades,
  quality: async () => (await import('../../pipelines/quality/job.ts')).runQuality,
  review: async () => (await import('../../pipelines/review/job.ts')).runReview,
  training: async () => (await import('../../pipelines/training/job.ts')).runTraining,
  retention: async () => (await import('../../pipelines/retention/job.ts')).runRetention,
  reports: async () => (await import('../../pipelines/reports/job.ts')).runReports,
  dataset: async () => (await import('../../pipelines/dataset/job.ts')).runDataset,
};

async function perform(queue: QueueName, task: JobTask): Promise<JobAnswer> {
  try {
    const work = await WORK[queue]();
    const open = isSwept(queue) ? inKept : inJob;
    return await open(`job-${queue}`, (context) => performIn(context, queue, task, work));
  } catch (error) {
    const about = findOutage(error);
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { ended: about === null ? 'error' : 'outage', about, error: { message, stack } };
  }
}

async function performIn(
  context: Context,
  queue: QueueName,
  { data, claim }: JobTask,
  work: Work,
): Promise<JobAnswer> {
  const { postgres } = context;
  if (isSwept(queue)) {
    await work(context, data, () => Promise.resolve());
    return { ended: 'done' };
  }
  const run = { job: queue, subject: data.subject, due_ts: data.dueTs };
  const hold = await holdRun(postgres, run);
  if (hold === null) return { ended: 'elsewhere' };
  void hold.lost.then(leave);
  try {
    if (!(await takeRun(postgres, run, claim))) return { ended: 'over' };
    await work(context, data, (progress) => noteStep(postgres, run, progress));
    const state = (await readRun(postgres, run))?.state;
    if (state !== 'running') return { ended: 'done' };
    throw new Error('the job ended without saying what came of it');
  } finally {
    await hold.release();
  }
}

/** Without its hold the run may be another process's: nothing more is to be done here. */
function leave(): void {
  const message = 'the connection that held the run is lost';
  const answer: JobAnswer = {
    ended: 'outage',
    about: 'server',
    error: { message, stack: undefined },
  };
  process.send?.(answer, () => process.exit(1));
}

const queue = must(QUEUES.find((known) => known === process.argv[2]));
startHeartbeats();
process.on('message', (task) => {
  void perform(queue, task as JobTask).then((answer) => process.send?.(answer));
});
