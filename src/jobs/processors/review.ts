/** BullMQ's way into the review of models: see `src/jobs/review.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { inJob } from '../job-context.ts';
import { runReview } from '../review.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-review', (context) => runReview(context, job.data));
