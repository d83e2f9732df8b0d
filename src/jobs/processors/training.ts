/** The queue `training` -> its job: see `src/jobs/training.ts`. */
import type { Work } from '../job-child.ts';
import { runTraining } from '../training.ts';

const work: Work = (context, data) => runTraining(context, data);
export default work;
