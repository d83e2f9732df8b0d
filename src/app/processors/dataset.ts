/** The queue `dataset` -> its job: see `pipelines/dataset/job.ts`. */
import { runDataset } from '../../../pipelines/dataset/job.ts';
import type { Work } from '../job-child.ts';

const work: Work = (context, data, tell) => runDataset(context, data, tell);
export default work;
