/**
 * One job of a queue -> a process that does it, and a note of how it ended: a run that gave no
 * result rests, what it needs and is away rests the whole queue, everything is reported once.
 */
import { randomBytes } from 'node:crypto';
import { monotonicMs } from '../clock.ts';
import type { SentError } from './job-child.ts';
import { isSwept, QUEUES, type JobData, type QueueName } from '../queue/queue-names.ts';
import { settleAlerts } from '../postgres/tables/alerts.ts';
import { noteAlive, putOff, type Cause } from '../postgres/tables/job-attempts.ts';
import type { Context } from '../runtime/context.ts';
import { JobChild, type Bounds, type Ending } from './job-children.ts';
import { Backoff } from '../runtime/pace.ts';
import type { Troubles } from '../runtime/troubles.ts';

const MINUTE_MS = 60_000;
const SILENT_MS = 30_000;

/** A job waits up to five minutes for the flow and as long for labels before it begins. */
const LONGEST_MINUTES: Readonly<Record<QueueName, number>> = {
  labels: 30,
  grades: 30,
  quality: 120,
  review: 30,
  training: 120,
  retention: 60,
  reports: 60,
  dataset: 360,
};

export const BOUNDS = Object.fromEntries(
  QUEUES.map((queue) => [
    queue,
    { longestMs: LONGEST_MINUTES[queue] * MINUTE_MS, silentMs: SILENT_MS },
  ]),
) as Readonly<Record<QueueName, Bounds>>;

const OUTAGE_MS = [1_000, 15_000] as const;
const FAILED_MS = [2_000, 10 * MINUTE_MS] as const;

interface Rest {
  readonly backoff: Backoff;
  untilMs: number;
}

export class JobRunner {
  private readonly children = new Map<QueueName, JobChild>();
  private readonly rests = new Map<string, Rest>();
  private readonly context: Context;
  private readonly troubles: Troubles;
  private readonly bounds: Readonly<Record<QueueName, Bounds>>;
  /** Swept queues that may have an alert, also one of an earlier process. */
  private readonly killed = new Set<QueueName>(QUEUES.filter(isSwept));
  private isStopping = false;

  constructor(context: Context, troubles: Troubles, bounds = BOUNDS) {
    this.context = context;
    this.troubles = troubles;
    this.bounds = bounds;
  }

  /** Whether nothing of it should be begun now: of a queue, a subject, or a run. */
  readonly isResting = (queue: QueueName, ...of: readonly (string | number)[]): boolean =>
    (this.rests.get([queue, ...of].join(':'))?.untilMs ?? 0) > monotonicMs();

  /** Never rejects. */
  readonly perform = async (queue: QueueName, data: JobData): Promise<void> => {
    if (this.isStopping || this.isResting(queue)) return;
    const claim = randomBytes(8).toString('hex');
    const run = { job: queue, subject: data.subject, due_ts: data.dueTs };
    const isWanted = (): Promise<boolean> => noteAlive(this.context.postgres, run, claim);
    const more = isSwept(queue) ? {} : { isWanted };
    const child = this.childFor(queue);
    const ending = await child.run({ data, claim }, { ...this.bounds[queue], ...more });
    if (this.isStopping) return;
    try {
      await this.note(queue, data, claim, ending);
    } catch (error) {
      // Nothing is lost: the run is still open, and what it lacks is found again.
      this.context.log.warn({ err: error, queue }, 'how a job ended could not be noted');
    }
  };

  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all([...this.children.values()].map((child) => child.stop()));
  }

  private childFor(queue: QueueName): JobChild {
    const child = this.children.get(queue) ?? new JobChild([queue]);
    this.children.set(queue, child);
    return child;
  }

  private async note(
    queue: QueueName,
    data: JobData,
    claim: string,
    ending: Ending,
  ): Promise<void> {
    const { subject, dueTs } = data;
    switch (ending.ended) {
      case 'done':
        return this.well(queue, subject);
      // Nothing was done here: whoever has the run notes how it ends.
      case 'elsewhere':
        return this.rest(`${queue}:${subject}:${dueTs}`, OUTAGE_MS);
      case 'over':
        return;
      case 'cancelled':
        this.context.log.info({ queue, subject }, 'a run was cancelled');
        return;
      default:
    }
    const { ended: cause, error } = ending;
    const isOutage = cause === 'outage';
    if (isOutage) this.rest(queue, OUTAGE_MS);
    if (isSwept(queue)) {
      if (!isOutage) this.rest(`${queue}:${subject}`, FAILED_MS);
    } else {
      const run = { job: queue, subject, due_ts: dueTs };
      const tried = { cause, message: error.message };
      const noted = await putOff(this.context.postgres, run, claim, tried).catch(() => null);
      // It failed before it had the run, as where a program does not load.
      if (noted === null) this.rest(`${queue}:${subject}:${dueTs}`, FAILED_MS);
    }
    const about = 'about' in ending ? ending.about : null;
    await this.reportFailure(queue, subject, cause, about, error);
  }

  /**
   * What is away is one trouble of the queue, whatever it was doing; a failure is the subject's.
   */
  private async reportFailure(
    queue: QueueName,
    subject: string,
    cause: Cause,
    about: string | null,
    sent: SentError,
  ): Promise<void> {
    const error = Object.assign(new Error(sent.message), { stack: sent.stack });
    const isOutage = cause === 'outage';
    const key = isOutage ? `job-outage:${queue}` : `job:${queue}:${subject}:`;
    const what = isOutage ? `${queue} waits, a server is away` : `${queue} of ${subject} failed`;
    const code = isOutage ? 'job_waits' : 'job_failed';
    const context = isOutage ? { about } : { subject, cause };
    await this.troubles.met({ key, component: queue, code, what, context }, error);
    if (!isSwept(queue) || isOutage || cause === 'error') return;
    // Of runs the table says so; a sweep has none.
    this.killed.add(queue);
    await settleAlerts(this.context.postgres, `job-killed:${queue}`, [
      {
        key: `job-killed:${queue}:${subject}`,
        severity: 'warning',
        subject: queue,
        message: `${queue} of ${subject}: ${sent.message}; it is tried again`,
      },
    ]);
  }

  private async well(queue: QueueName, subject: string): Promise<void> {
    this.rests.delete(queue);
    this.rests.delete(`${queue}:${subject}`);
    await this.troubles.over(`job-outage:${queue}`);
    await this.troubles.over(`job:${queue}:${subject}:`);
    if (isSwept(queue) && this.killed.delete(queue)) {
      await settleAlerts(this.context.postgres, `job-killed:${queue}`, []);
    }
  }

  private rest(key: string, [firstMs, longestMs]: readonly [number, number]): void {
    const rest = this.rests.get(key) ?? { backoff: new Backoff(firstMs, longestMs), untilMs: 0 };
    this.rests.set(key, rest);
    rest.untilMs = monotonicMs() + rest.backoff.failed();
  }
}
