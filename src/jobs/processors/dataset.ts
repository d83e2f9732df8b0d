/** The queue `dataset` -> its job: see `src/jobs/dataset.ts`. */
import { runDataset } from '../dataset.ts';
import type { Work } from '../job-child.ts';

const work: Work = (context, data, tell) => runDataset(context, data, tell);
export default work;
