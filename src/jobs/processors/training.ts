/** BullMQ's way into the training job: see `src/jobs/training.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { inJob } from '../job-context.ts';
import { runTraining } from '../training.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-training', (context) => runTraining(context, job.data));
