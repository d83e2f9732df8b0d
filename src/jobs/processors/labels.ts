/** The queue `labels` -> its job: see `src/jobs/labels.ts` and `src/jobs/label-sets.ts`. */
import { must } from '../../assert.ts';
import type { Work } from '../job-child.ts';
import { runLabelSet } from '../label-sets.ts';
import { runLabels } from '../labels.ts';
import { MANY_MARKETS } from '../queue-names.ts';

const work: Work = (context, data) =>
  data.subject === MANY_MARKETS
    ? runLabelSet(context, must(data.labelSpec), must(data.fromTs))
    : runLabels(context, data);
export default work;
