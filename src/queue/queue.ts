/**
 * BullMQ queues and their workers. Redis may lose or repeat anything: what has to be done is always
 * derived from the tables again, and every job may come twice.
 */
import { createHash } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { isSwept, OLD_QUEUES, QUEUES, type JobData, type QueueName } from './queue-names.ts';
import type { Logger } from '../log.ts';
import { openRedis, type RedisAccess } from './redis.ts';

export type { JobData };

export interface JobQueues {
  /** Enqueues it unless a job of the same id waits or runs. */
  add(queue: QueueName, data: JobData): Promise<void>;
  close(): Promise<void>;
}

/** The same work has the same id; BullMQ refuses colons in it. */
export function jobId(queue: QueueName, { subject, dueTs, labelSpec = '' }: JobData): string {
  // A sweep's job does all there is when it runs, whatever was due when it was enqueued.
  const due = isSwept(queue) ? '' : dueTs;
  const work = `${queue}|${subject}|${due}|${labelSpec}`;
  return `j-${createHash('sha256').update(work).digest('hex').slice(0, 32)}`;
}

/** How long one command may take: a Redis that hangs is away. */
const COMMAND_MS = 5_000;

const connect = (access: RedisAccess, patient: boolean): Redis =>
  openRedis(access, {
    // A worker waits for Redis as long as it takes; an enqueueing caller wants to know soon.
    ...(patient ? { maxRetriesPerRequest: null } : IMPATIENT),
    retryStrategy: (times) => Math.min(times * 200, 3_000),
  });

const IMPATIENT = { maxRetriesPerRequest: 3, commandTimeout: COMMAND_MS };

export function openQueues(redis: RedisAccess, prefix: string, log: Logger): JobQueues {
  const connection = connect(redis, false);
  connection.on('error', (error: Error) => log.debug({ err: error }, 'Redis is away'));
  const queues = new Map(
    QUEUES.map((name) => {
      const queue = new Queue<JobData>(name, { connection, prefix });
      queue.on('error', (error) => log.debug({ err: error }, `queue ${name}`));
      return [name, queue];
    }),
  );
  const drained = drainOld(connection, prefix);
  return {
    add: async (name, data) => {
      const options = { jobId: jobId(name, data), removeOnComplete: true, removeOnFail: true };
      await queues.get(name)?.add(name, data, options);
    },
    close: async () => {
      // A Redis that is away answers no farewell.
      await Promise.allSettled([drained, ...[...queues.values()].map((queue) => queue.close())]);
      connection.disconnect();
    },
  };
}

/** Nobody works on them any more. A Redis that is away keeps them until the next start. */
async function drainOld(connection: Redis, prefix: string): Promise<void> {
  for (const name of Object.keys(OLD_QUEUES)) {
    const old = new Queue(name, { connection, prefix });
    old.on('error', () => undefined);
    await old.obliterate({ force: true }).catch(() => undefined);
    await old.close();
  }
}

export interface WorkerOptions {
  readonly redis: RedisAccess;
  readonly prefix: string;
  readonly log: Logger;
  /** Does the work and notes how it ended. Never rejects. */
  readonly perform: (queue: QueueName, data: JobData) => Promise<void>;
}

/** One worker a queue, one job at a time each. Returns what closes them. */
export function startWorkers({ redis, prefix, log, perform }: WorkerOptions) {
  const connection = connect(redis, true);
  connection.on('error', (error: Error) => log.debug({ err: error }, 'Redis is away'));
  const workers = QUEUES.map((name) => {
    const worker = new Worker<JobData>(name, ({ data }) => perform(name, data), {
      connection,
      prefix,
      concurrency: 1,
      // What a process held that was stopped in the middle comes again, however often.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    worker.on('error', (error) => log.debug({ err: error }, `worker ${name}`));
    return worker;
  });
  return async (): Promise<void> => {
    await Promise.allSettled(workers.map((worker) => worker.close(true)));
    connection.disconnect();
  };
}
