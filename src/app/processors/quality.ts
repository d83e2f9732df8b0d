/** The queue `quality` -> its job: see `pipelines/quality/job.ts`. */
import type { Work } from '../job-child.ts';
import { runQuality } from '../../../pipelines/quality/job.ts';

const work: Work = (context, data) => runQuality(context, data);
export default work;
