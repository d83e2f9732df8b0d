/** The tables -> queues: what is to be done is derived from the tables, again and again. */
import type { JobQueues } from '../adapters/queue.ts';
import { RUN_QUEUES, type QueueName } from '../jobs/queue-names.ts';
import { keyOf } from '../domain/wire.ts';
import { reviveFailed, runsToTry } from '../tables/postgres/job-attempts.ts';
import { ungradedSignals } from '../tables/postgres/signal-outcomes.ts';
import type { Context } from './context.ts';

/** Of one job; more would wait in the queue alone. */
const RUNS_MAX = 20;
/** Of one sweep: it is soon repeated, and the oldest come first. */
const LABELS_MAX = 1_000;

/** Whether a queue, a subject of it or a run of that rests. */
export type IsResting = (queue: QueueName, ...of: readonly (string | number)[]) => boolean;

export async function sweepLabels(
  context: Context,
  queues: JobQueues,
  isResting: IsResting,
): Promise<void> {
  if (isResting('labels')) return;
  const found = await context.labelBacklog().pending();
  const oldest = found.toSorted((a, b) => a.from_ts - b.from_ts).slice(0, LABELS_MAX);
  for (const pending of oldest) {
    const data = {
      subject: keyOf(pending),
      dueTs: pending.decidedByUs,
      labelSpec: pending.label_spec,
      fromTs: pending.from_ts,
    };
    if (!isResting('labels', data.subject)) await queues.add('labels', data);
  }
}

export async function sweepSignals(
  { postgres, config }: Context,
  queues: JobQueues,
  isResting: IsResting,
): Promise<void> {
  if (isResting('grades')) return;
  for (const pending of await ungradedSignals(postgres, config)) {
    const subject = keyOf(pending);
    if (isResting('grades', subject)) continue;
    await queues.add('grades', { subject, dueTs: pending.decidedByUs });
  }
}

export async function sweepRuns(
  { postgres }: Context,
  queues: JobQueues,
  isResting: IsResting,
): Promise<void> {
  const awake = RUN_QUEUES.filter((queue) => !isResting(queue));
  for (const { job, subject, due_ts: dueTs } of await runsToTry(postgres, awake, RUNS_MAX)) {
    const queue = job as QueueName;
    if (!isResting(queue, subject, dueTs)) await queues.add(queue, { subject, dueTs });
  }
}

/** What failed for good and has rested is due again: its cause may be gone. */
export async function sweepFailed({ postgres, log }: Context): Promise<void> {
  for (const run of await reviveFailed(postgres)) log.info(run, 'a failed run is tried again');
}
