/** The queue `labels` -> its job: see `src/jobs/labels.ts`. */
import type { Work } from '../job-child.ts';
import { runLabels } from '../labels.ts';

const work: Work = (context, data) => runLabels(context, data);
export default work;
