/** The queue `retention` -> its job: see `src/jobs/retention.ts`. */
import type { Work } from '../job-child.ts';
import { runRetention } from '../retention.ts';

const work: Work = (context, data) => runRetention(context, data);
export default work;
