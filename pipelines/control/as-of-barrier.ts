/**
 * An as-of barrier for a job: what lies behind it in the log is known later than the job's `as_of`.
 *
 * Appended once for a job, subject and due time, however often the job is tried. It resolves when
 * the as-of barrier holds everywhere and every decision of the subject that had matured by then is
 * graded.
 */
import { monotonicMs, sleep } from '../../src/clock.ts';
import { AHEAD_MAX_US } from '../../src/domain/control.ts';
import { formatUs, LATEST_US } from '../../src/domain/time.ts';
import type { Context } from '../../src/runtime/context.ts';
import { installationTime } from '../../src/runtime/installation-time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { appendControl, isSent, lastBarrier } from '../../src/postgres/tables/outbox.ts';
import type { LabelBacklog, PendingLabels } from '../../src/questdb/tables/pending-labels.ts';

const DRAIN_MS = 300_000;
/**
 * Behind an as-of barrier whose value event time has not reached, what came in time is known a
 * microsecond later and what came late two (`pipelines/stream/ingest.ts`): the next barrier must
 * not be in front of them.
 */
const STEP_US = 2;

export interface AsOfBarrierRequest {
  readonly job: string;
  /** An instrument's key, or `all`. */
  readonly subject: string;
  readonly dueTs: number;
}

/** The barrier's value, which is the job's `as_of`. Throws when the flow is not drained in time. */
export async function appendBarrier(
  context: Context,
  { job, subject, dueTs }: AsOfBarrierRequest,
): Promise<number> {
  const { postgres } = context;
  const controlId = `cut:${job}:${subject}:${dueTs}`;
  // One of the future, from when a wrong clock could still ask for it, is not built upon.
  const byUs = ((await installationTime(context)) ?? LATEST_US) + AHEAD_MAX_US;
  const value = Math.max(dueTs, (await lastBarrier(postgres, byUs)) + STEP_US);
  const cause = `${job} of ${subject} due at ${formatUs(dueTs)}`;
  const body = { value };
  await appendControl(postgres, { controlId, type: 'cut', subject: 'cut', body, cause });
  const { rows } = await postgres.query<{ value: string }>(
    `SELECT body->>'value' AS value FROM control_outbox WHERE control_id = $1`,
    [controlId],
  );
  const deadline = monotonicMs() + DRAIN_MS;
  while (!(await isSent(postgres, controlId)))
    await pause(deadline, 'its as-of barrier is not sent');
  await drainedAndGraded(context, subject, deadline);
  return Number(rows[0]?.value);
}

/**
 * Resolves when the flow has come to where the log ends now and every decision of the subject that
 * had matured by then is graded. Throws when that is not so at the deadline.
 */
export async function drainedAndGraded(
  context: Context,
  subject: string,
  deadline = monotonicMs() + DRAIN_MS,
): Promise<void> {
  const open = await context.flowProbe().drain(Math.max(0, deadline - monotonicMs()));
  if (open.length > 0) throw new Error(`the flow is not drained: ${open.join('; ')}`);
  await gradedAll(context.labelBacklog(), subject, deadline);
}

/** What matures meanwhile is not waited for: of many instruments one always has something. */
async function gradedAll(backlog: LabelBacklog, subject: string, deadline: number): Promise<void> {
  const open = new Map<string, number>();
  const workKey = (work: PendingLabels): string => `${instrumentKey(work)}|${work.label_spec}`;
  const of = subject === 'all' ? undefined : subject;
  for (const work of await backlog.pending(of)) {
    open.set(workKey(work), work.decidedByUs);
  }
  while (open.size > 0) {
    await pause(deadline, 'decisions wait for their labels');
    const oldest = new Map(
      (await backlog.pending(of)).map((work) => [workKey(work), work.from_ts]),
    );
    for (const [key, decidedByUs] of open) {
      if ((oldest.get(key) ?? Infinity) > decidedByUs) open.delete(key);
    }
  }
}

async function pause(deadline: number, what: string): Promise<void> {
  if (monotonicMs() > deadline) throw new Error(`after ${DRAIN_MS / 1000} s ${what}`);
  await sleep(100);
}
