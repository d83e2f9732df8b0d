/** BullMQ's way into the labels job: see `src/jobs/labels.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { inJob } from '../job-context.ts';
import { runLabels } from '../labels.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-labels', (context) => runLabels(context, job.data));
