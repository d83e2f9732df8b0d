/** BullMQ's way into the data-quality job: see `src/jobs/quality.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { inJob } from '../job-context.ts';
import { runQuality } from '../quality.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-quality', (context) => runQuality(context, job.data));
