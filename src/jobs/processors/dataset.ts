/** BullMQ's way into the dataset job: see `src/jobs/dataset.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { runDataset } from '../dataset.ts';
import { inJob } from '../job-context.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-dataset', (context) =>
    runDataset(context, job.data, (progress) => job.updateProgress({ progress })),
  );
