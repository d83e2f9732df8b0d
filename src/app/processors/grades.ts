/** The queue `grades` -> its job: see `pipelines/grades/job.ts`. */
import type { Work } from '../job-child.ts';
import { runGrades } from '../../../pipelines/grades/job.ts';

const work: Work = (context, data) => runGrades(context, data);
export default work;
