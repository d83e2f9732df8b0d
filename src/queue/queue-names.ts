/** The jobs by the names of their queues, and the data that each is given. */

export const QUEUES = [
  'labels',
  'grades',
  'quality',
  'review',
  'training',
  'retention',
  'reports',
  'dataset',
] as const;
export type QueueName = (typeof QUEUES)[number];

/** Names of earlier versions, each with today's. */
export const OLD_QUEUES: Readonly<Record<string, QueueName>> = { curation: 'reports' };

/** Those whose work is swept from the tables of what they make; all others run `job_runs`. */
export type SweptQueue = 'labels' | 'grades';
export const isSwept = (queue: QueueName): queue is SweptQueue =>
  queue === 'labels' || queue === 'grades';
/** The jobs that have runs. */
export const RUN_QUEUES = QUEUES.filter((queue) => !isSwept(queue));

/** The subject of a job that does the work of all instruments. */
export const MANY_MARKETS = 'many-markets';

/** Ids only: job data lies in Redis in clear text. */
export interface JobData {
  readonly subject: string;
  readonly dueTs: number;
  readonly labelSpec?: string;
  /** Nothing before it is to be done; the same work whatever it is. */
  readonly fromTs?: number;
}
