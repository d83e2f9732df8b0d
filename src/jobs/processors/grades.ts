/** BullMQ's way into the grades job: see `src/jobs/grades.ts`. */
import type { Job } from 'bullmq';
import type { JobData } from '../../adapters/queue.ts';
import { runGrades } from '../grades.ts';
import { inJob } from '../job-context.ts';

export default (job: Job<JobData>): Promise<void> =>
  inJob('job-grades', (context) => runGrades(context, job.data));
