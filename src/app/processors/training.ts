/** The queue `training` -> its job: see `pipelines/training/job.ts`. */
import type { Work } from '../job-child.ts';
import { runTraining } from '../../../pipelines/training/job.ts';

const work: Work = (context, data) => runTraining(context, data);
export default work;
