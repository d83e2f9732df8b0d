/** The queue `review` -> its job: see `src/jobs/review.ts`. */
import type { Work } from '../job-child.ts';
import { runReview } from '../review.ts';

const work: Work = (context, data) => runReview(context, data);
export default work;
