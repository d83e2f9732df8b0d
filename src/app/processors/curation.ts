/** The queue `curation` -> its job: see `pipelines/reports/job.ts`. */
import type { Work } from '../job-child.ts';
import { runCuration } from '../../../pipelines/reports/job.ts';

const work: Work = (context, data) => runCuration(context, data);
export default work;
