/** The tables -> queues: what is to be done is derived from the tables, again and again. */
import type { JobQueues } from '../queue/queue.ts';
import { must } from '../assert.ts';
import { floorTo, US_PER_HOUR } from '../domain/time.ts';
import { instrumentKey } from '../domain/wire.ts';
import { grouped } from '../grouped.ts';
import { isBarrier } from '../../pipelines/labels/label-rows.ts';
import {
  OLD_QUEUES,
  MANY_MARKETS,
  RUN_QUEUES,
  type JobData,
  type QueueName,
} from '../queue/queue-names.ts';
import { reviveFailed, runsToTry } from '../postgres/tables/job-attempts.ts';
import { renameRuns } from '../postgres/tables/job-runs.ts';
import { ungradedSignals } from '../postgres/tables/signal-outcomes.ts';
import { ONE_BY_ONE, type PendingLabels } from '../questdb/tables/pending-labels.ts';
import type { Context } from '../runtime/context.ts';

/** Of one job; more would wait in the queue alone. */
const RUNS_MAX = 20;
/** Of one sweep: it is soon repeated, and the oldest come first. */
const LABELS_MAX = 1_000;

/** Whether a queue, a subject of it or a run of that rests. */
export type IsResting = (queue: QueueName, ...of: readonly (string | number)[]) => boolean;

/** Returns whether there was anything to do, as the other sweeps do. */
export async function sweepLabels(
  context: Context,
  queues: JobQueues,
  isResting: IsResting,
): Promise<boolean> {
  if (isResting('labels')) return true;
  const found = await context.labelBacklog().pending(undefined, { mayRest: true });
  // What one of them cannot have stored must not keep the others.
  const bySet = !isResting('labels', MANY_MARKETS);
  for (const data of labelJobs(found, bySet)) {
    if (!isResting('labels', data.subject)) await queues.add('labels', data);
  }
  return found.length > 0;
}

/**
 * What lacks labels -> the jobs that make them, oldest first. Decisions of many instruments from
 * within an hour are one job, `bySet`; all others are one for each instrument.
 */
export function labelJobs(found: readonly PendingLabels[], bySet: boolean): JobData[] {
  const oldest = found.toSorted((a, b) => a.from_ts - b.from_ts);
  const hours = bySet
    ? grouped(oldest, ({ label_spec, from_ts }) => `${label_spec}|${floorTo(from_ts, US_PER_HOUR)}`)
    : [];
  const sets = new Map<string, JobData>();
  const inSets = new Set<PendingLabels>();
  for (const [, pending] of hours) {
    const first = must(pending[0]);
    const { label_spec: spec } = first;
    if (pending.length <= ONE_BY_ONE || isBarrier(spec)) continue;
    // One at a time: those of a later hour are found again.
    if (!sets.has(spec)) sets.set(spec, toJob(MANY_MARKETS, first));
    for (const one of pending) inSets.add(one);
  }
  const one = oldest.filter((pending) => !inSets.has(pending)).slice(0, LABELS_MAX);
  return [...sets.values(), ...one.map((pending) => toJob(instrumentKey(pending), pending))];
}

const toJob = (subject: string, { decidedByUs, label_spec, from_ts }: PendingLabels): JobData => ({
  subject,
  dueTs: decidedByUs,
  labelSpec: label_spec,
  fromTs: from_ts,
});

export async function sweepSignals(
  { postgres, config }: Context,
  queues: JobQueues,
  isResting: IsResting,
): Promise<boolean> {
  if (isResting('grades')) return true;
  const found = await ungradedSignals(postgres, config);
  for (const pending of found) {
    const subject = instrumentKey(pending);
    if (isResting('grades', subject)) continue;
    await queues.add('grades', { subject, dueTs: pending.decidedByUs });
  }
  return found.length > 0;
}

export async function sweepRuns(
  { postgres }: Context,
  queues: JobQueues,
  isResting: IsResting,
): Promise<boolean> {
  const awake = RUN_QUEUES.filter((queue) => !isResting(queue));
  const found = await runsToTry(postgres, awake, RUNS_MAX);
  for (const { job, subject, due_ts: dueTs } of found) {
    const queue = job as QueueName;
    if (!isResting(queue, subject, dueTs)) await queues.add(queue, { subject, dueTs });
  }
  return found.length > 0;
}

/**
 * What failed for good and has rested is due again: its cause may be gone. And what a process of an
 * earlier version beside this one has made due has today's name.
 */
export async function sweepFailed({ postgres, log }: Context): Promise<void> {
  for (const [old, name] of Object.entries(OLD_QUEUES)) await renameRuns(postgres, old, name);
  for (const run of await reviveFailed(postgres)) log.info(run, 'a failed run is tried again');
}
