/**
 * A cut for a job: what lies behind it in the log is known later than the job's `as_of`.
 *
 * Appended once for a job, subject and due time, however often the job is tried; it resolves when
 * the cut holds everywhere and no decision of the subject that can be graded lacks its label.
 */
import { monotonicMs, sleep } from '../clock.ts';
import { formatUs } from '../domain/time.ts';
import type { Context } from '../processes/context.ts';
import { appendControl, isSent, lastCut } from '../tables/postgres/outbox.ts';

const SETTLE_MS = 300_000;

export interface CutRequest {
  readonly job: string;
  /** An instrument's key, or `all`. */
  readonly subject: string;
  readonly dueTs: number;
}

/** The cut's value, which is the job's `as_of`. Throws when the flow does not settle in time. */
export async function cut(context: Context, { job, subject, dueTs }: CutRequest): Promise<number> {
  const { postgres } = context;
  const controlId = `cut:${job}:${subject}:${dueTs}`;
  const value = Math.max(dueTs, (await lastCut(postgres)) + 1);
  const cause = `${job} of ${subject} due at ${formatUs(dueTs)}`;
  const body = { value };
  await appendControl(postgres, { controlId, type: 'cut', subject: 'cut', body, cause });
  const { rows } = await postgres.query<{ value: string }>(
    `SELECT body->>'value' AS value FROM control_outbox WHERE control_id = $1`,
    [controlId],
  );
  const deadline = monotonicMs() + SETTLE_MS;
  while (!(await isSent(postgres, controlId))) await pause(deadline, 'its cut is not sent');
  const open = await context.flowProbe().settle(Math.max(0, deadline - monotonicMs()));
  if (open.length > 0) throw new Error(`the flow has not settled: ${open.join('; ')}`);
  const backlog = context.labelBacklog();
  const waits = async (): Promise<boolean> =>
    (await backlog.pending()).some(
      ({ venue, symbol }) => subject === 'all' || `${venue}:${symbol}` === subject,
    );
  while (await waits()) await pause(deadline, 'decisions wait for their labels');
  return Number(rows[0]?.value);
}

async function pause(deadline: number, what: string): Promise<void> {
  if (monotonicMs() > deadline) throw new Error(`after ${SETTLE_MS / 1000} s ${what}`);
  await sleep(100);
}
