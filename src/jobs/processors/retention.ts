/** BullMQ's way into the retention job: see `src/jobs/retention.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { inJob } from '../job-context.ts';
import { runRetention } from '../retention.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-retention', (context) => runRetention(context, job.data));
