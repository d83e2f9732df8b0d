/**
 * BullMQ queues and their workers. Redis may lose or repeat anything: what has to be done is always
 * derived from the tables again, and every job may run twice.
 *
 * Workers run their processors in child processes: training blocks its process for seconds.
 */
import { createHash } from 'node:crypto';
import { Queue, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from '../log.ts';
import { openRedis, type RedisAccess } from './redis.ts';

export const QUEUES = [
  'labels',
  'grades',
  'quality',
  'review',
  'training',
  'retention',
  'curation',
  'dataset',
] as const;
export type QueueName = (typeof QUEUES)[number];

/** What a processor is told. Ids only: job data lies in Redis in clear text. */
export interface JobData {
  readonly subject: string;
  readonly dueTs: number;
  readonly labelSpec?: string;
  /** Nothing before it is to be done; the same work whatever it is. */
  readonly fromTs?: number;
}

export interface JobQueues {
  /** Enqueues it unless a job of the same id waits or runs. */
  add(queue: QueueName, data: JobData): Promise<void>;
  close(): Promise<void>;
}

/** The same work has the same id; BullMQ refuses colons in it. */
export function jobId(queue: QueueName, { subject, dueTs, labelSpec = '' }: JobData): string {
  const work = `${queue}|${subject}|${dueTs}|${labelSpec}`;
  return `j-${createHash('sha256').update(work).digest('hex').slice(0, 32)}`;
}

const connect = (access: RedisAccess, patient: boolean): Redis =>
  openRedis(access, {
    // A worker waits for Redis as long as it takes; an enqueueing caller wants to know soon.
    maxRetriesPerRequest: patient ? null : 3,
    retryStrategy: (times) => Math.min(times * 200, 3_000),
  });

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
  return {
    add: async (name, data) => {
      const options = { jobId: jobId(name, data), removeOnComplete: true, removeOnFail: true };
      await queues.get(name)?.add(name, data, options);
    },
    close: async () => {
      for (const queue of queues.values()) await queue.close();
      connection.disconnect();
    },
  };
}

export interface WorkerOptions {
  readonly redis: RedisAccess;
  readonly prefix: string;
  readonly log: Logger;
  readonly onFailed: (queue: QueueName, data: JobData | undefined, error: Error) => void;
}

/** One worker a queue, one job at a time each. Returns what closes them. */
export function startWorkers(
  processorOf: (queue: QueueName) => URL,
  { redis, prefix, log, onFailed }: WorkerOptions,
): () => Promise<void> {
  const connection = connect(redis, true);
  connection.on('error', (error: Error) => log.debug({ err: error }, 'Redis is away'));
  const workers = QUEUES.map((name) => {
    const worker = new Worker<JobData>(name, processorOf(name), {
      connection,
      prefix,
      concurrency: 1,
      useWorkerThreads: false,
    });
    worker.on('error', (error) => log.debug({ err: error }, `worker ${name}`));
    worker.on('failed', (job: Job<JobData> | undefined, error) => {
      log.error({ err: error, queue: name, data: job?.data }, 'a job failed');
      onFailed(name, job?.data, error);
    });
    return worker;
  });
  return async () => {
    for (const worker of workers) await worker.close(true);
    connection.disconnect();
  };
}
