/** The queue `retention` -> its job: see `pipelines/retention/job.ts`. */
import type { Work } from '../job-child.ts';
import { runRetention } from '../../../pipelines/retention/job.ts';

const work: Work = (context, data) => runRetention(context, data);
export default work;
