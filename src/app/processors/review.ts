/** The queue `review` -> its job: see `pipelines/review/job.ts`. */
import type { Work } from '../job-child.ts';
import { runReview } from '../../../pipelines/review/job.ts';

const work: Work = (context, data) => runReview(context, data);
export default work;
