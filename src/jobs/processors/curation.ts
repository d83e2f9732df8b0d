/** The queue `curation` -> its job: see `src/jobs/curation.ts`. */
import type { Work } from '../job-child.ts';
import { runCuration } from '../curation.ts';

const work: Work = (context, data) => runCuration(context, data);
export default work;
