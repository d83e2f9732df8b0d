/** BullMQ's way into the curation job: see `src/jobs/curation.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { runCuration } from '../curation.ts';
import { inJob } from '../job-context.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-curation', (context) => runCuration(context, job.data));
