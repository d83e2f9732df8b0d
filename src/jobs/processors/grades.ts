/** The queue `grades` -> its job: see `src/jobs/grades.ts`. */
import type { Work } from '../job-child.ts';
import { runGrades } from '../grades.ts';

const work: Work = (context, data) => runGrades(context, data);
export default work;
