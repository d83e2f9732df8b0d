/** Mutations of the jobs: whose attempt it is, what is no attempt, and what ends a process. */
import { mutation, testsOf, type Mutation } from './mutation.ts';

const child = testsOf('test/processes/job-children.test.ts', 'a task');
const outage = testsOf('test/adapters/outage.test.ts', 'an outage');
const work = testsOf('test/processes/pace.test.ts', 'repeated work');
const run = testsOf('test/integration/jobs.int.test.ts', 'a run');

const OWN = run(
  'counts its own attempts, rests, fails for good, and is due again when it has rested',
);

export const JOB_MUTATIONS: readonly Mutation[] = [
  mutation(
    'frozen-children-live',
    child('of a frozen process is ended, and the next one is done by a new one'),
    'src/processes/job-children.ts',
    'now - this.beatMs > (this.hasBeaten ? silentMs : START_MS)',
    'now - this.beatMs > START_MS',
  ),
  mutation(
    'endless-jobs',
    child('that never ends is ended at its bound'),
    'src/processes/job-children.ts',
    'if (now > deadlineMs) {',
    'if (now > deadlineMs + 60_000) {',
  ),
  mutation(
    'a-stalled-parent-kills-its-children',
    child('is not ended for the time in which its parent stood still'),
    'src/processes/job-children.ts',
    'deadlineMs += away;',
    'deadlineMs += 0;',
  ),
  mutation(
    'beats-of-the-main-thread',
    child('that keeps its process busy is not taken for frozen'),
    'src/jobs/beat.ts',
    'const beater = new Worker(BEATER, { eval: true });',
    `const beater = new Worker('', { eval: true });
  setInterval(() => void import('node:fs').then((fs) => fs.writeSync(4, '.')), 1_000);`,
  ),
  mutation(
    'a-lost-connection-is-an-attempt',
    outage("is seen in Error: gone, 'server'"),
    'src/adapters/outage.ts',
    'depth < 5;',
    'depth < 1;',
  ),
  mutation(
    'no-back-off-of-sweeps',
    work('pauses twice as long after each failure, half a minute at most, until all is well'),
    'src/processes/pace.ts',
    'pauseMs = backoff.failed();',
    'backoff.failed();',
  ),
  mutation(
    'a-late-try-counts',
    OWN,
    'src/tables/postgres/job-attempts.ts',
    `WHERE \${KEY} AND state = 'running' AND claim = $4`,
    `WHERE \${KEY} AND state = 'running' AND $4 = $4`,
  ),
  mutation(
    'an-outage-is-an-attempt',
    OWN,
    'src/tables/postgres/job-attempts.ts',
    `SELECT attempts + ($5 <> 'outage')::int AS attempts`,
    `SELECT attempts + 1 AS attempts`,
  ),
  mutation(
    'a-clock-put-back-lengthens-rests',
    run('rests no longer when the clock is put back, and at most once when it is put on'),
    'src/tables/postgres/job-attempts.ts',
    'now() >= next_try_at - make_interval(secs => rest_s)`;',
    'now() >= next_try_at - make_interval(days => 1)`;',
  ),
];
