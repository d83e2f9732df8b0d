/** The queue `quality` -> its job: see `src/jobs/quality.ts`. */
import type { Work } from '../job-child.ts';
import { runQuality } from '../quality.ts';

const work: Work = (context, data) => runQuality(context, data);
export default work;
