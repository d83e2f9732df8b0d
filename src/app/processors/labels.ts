/** The queue `labels` -> its job: see `pipelines/labels/job.ts` and `pipelines/labels/label-sets.ts`. */
import { must } from '../../assert.ts';
import type { Work } from '../job-child.ts';
import { runLabelSet } from '../../../pipelines/labels/label-sets.ts';
import { runLabels } from '../../../pipelines/labels/job.ts';
import { MANY_MARKETS } from '../../queue/queue-names.ts';

const work: Work = (context, data) =>
  data.subject === MANY_MARKETS
    ? runLabelSet(context, must(data.labelSpec), must(data.fromTs))
    : runLabels(context, data);
export default work;
