/** Mutations of the jobs: whose attempt it is, what is no attempt, and what ends a process. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const child = testsIn('test/app/job-children.test.ts', 'a task');
const outage = testsIn('test/runtime/outage.test.ts', 'an outage');
const work = testsIn('test/runtime/pace.test.ts', 'repeated work');
const backlog = testsIn('test/questdb/tables/pending-labels.test.ts', 'a backlog');
const changes = testsIn('test/integration/watermark-changes.int.test.ts', 'watermarks');
const manyLabels = testsIn('test/integration/jobs.int.test.ts', 'a backlog of labels');
const redis = testsIn('test/queue/redis-health.test.ts', 'Redis');
const server = testsIn('test/infra/local/keep-servers.test.ts', 'a server that ends');
const log = testsIn('test/runtime/rotating-log.test.ts', 'a log');
const run = testsIn('test/integration/jobs.int.test.ts', 'a run');

const OWN = run(
  'counts its own attempts, rests, fails for good, and is due again when it has rested',
);

const sets = testsIn('test/integration/label-sets.int.test.ts', 'label sets');
const labelsJob = testsIn('test/integration/labels.int.test.ts', 'labels');
const labelJobs = testsIn('test/app/label-jobs.test.ts', 'jobs of labels');
const witness = testsIn('test/integration/witness.int.test.ts', 'a process with a witness');

export const JOB_MUTATIONS: readonly Mutation[] = [
  mutation(
    'frozen-children-live',
    child('of a frozen process is ended, and the next one is done by a new one'),
    'src/app/job-children.ts',
    'now - this.heartbeatMs > (this.hasHeartbeat ? silentMs : START_MS)',
    'now - this.heartbeatMs > START_MS',
  ),
  mutation(
    'endless-jobs',
    child('that never ends is ended at its bound'),
    'src/app/job-children.ts',
    'if (now > deadlineMs) {',
    'if (now > deadlineMs + 60_000) {',
  ),
  mutation(
    'a-stalled-parent-kills-its-children',
    child('is not ended for the time in which its parent stood still'),
    'src/app/job-children.ts',
    'deadlineMs += away;',
    'deadlineMs += 0;',
  ),
  mutation(
    'heartbeats-of-the-main-thread',
    child('that keeps its process busy is not taken for frozen'),
    'src/runtime/heartbeat-thread.ts',
    'const thread = new Worker(THREAD, { eval: true });',
    `const thread = new Worker('', { eval: true });
  setInterval(() => void import('node:fs').then((fs) => fs.writeSync(4, '.')), 1_000);`,
  ),
  mutation(
    'a-lost-connection-is-an-attempt',
    outage('is seen in Error: gone'),
    'src/runtime/outage.ts',
    'depth < 5;',
    'depth < 1;',
  ),
  mutation(
    'no-back-off-of-sweeps',
    work('pauses twice as long after each failure, half a minute at most, until all is well'),
    'src/runtime/pace.ts',
    'pauseMs = backoff.failed();',
    'backoff.failed();',
  ),
  mutation(
    'a-late-try-counts',
    OWN,
    'src/postgres/tables/job-attempts.ts',
    `WHERE \${KEY} AND state = 'running' AND claim = $4`,
    `WHERE \${KEY} AND state = 'running' AND $4 = $4`,
  ),
  mutation(
    'an-outage-is-an-attempt',
    OWN,
    'src/postgres/tables/job-attempts.ts',
    `SELECT attempts + ($5 <> 'outage')::int AS attempts`,
    `SELECT attempts + 1 AS attempts`,
  ),
  mutation(
    'a-clock-put-back-lengthens-rests',
    run('rests no longer when the clock is put back, and at most once when it is put on'),
    'src/postgres/tables/job-attempts.ts',
    'now() >= next_try_at - make_interval(secs => rest_s)`;',
    'now() >= next_try_at - make_interval(days => 1)`;',
  ),
  mutation(
    'years-between-markets-are-read',
    backlog('asks about each market once, then by set, and about quiet ones seldom'),
    'src/questdb/tables/pending-labels.ts',
    'search.fromUs === null ? null : floorTo(search.fromUs, US_PER_DAY)',
    'search.fromUs === null ? null : floorTo(search.fromUs, 90_000 * US_PER_DAY)',
  ),
  mutation(
    'quiet-markets-are-forgotten',
    backlog('asks about each market once, then by set, and about quiet ones seldom'),
    'src/questdb/tables/pending-labels.ts',
    'still.wellMs + everyMs : -Infinity',
    'Infinity : -Infinity',
  ),
  mutation(
    'guesses-are-never-looked-at-whole',
    backlog('that begins with very many guesses where each stands, and then looks at each whole'),
    'src/questdb/tables/pending-labels.ts',
    'let left = PROVEN_AT_ONCE;',
    'let left = 0;',
  ),
  mutation(
    'guesses-for-who-has-to-know',
    backlog('that begins with very many guesses where each stands, and then looks at each whole'),
    'src/questdb/tables/pending-labels.ts',
    'mayRest ? await this.guessed(awake, by) : awake',
    'await this.guessed(awake, by)',
  ),
  mutation(
    'rested-markets-are-forgotten',
    backlog('is not gone through at all while the list is the same and all of it rests'),
    'src/questdb/tables/pending-labels.ts',
    'this.nowMs() < this.restUntilMs',
    'this.restUntilMs > -Infinity',
  ),
  mutation(
    'watermarks-of-late-transactions-are-missed',
    changes('read by what has changed are those that are there'),
    'src/postgres/tables/watermark-changes.ts',
    'pg_snapshot_xmin(',
    'pg_snapshot_xmax(',
  ),
  mutation(
    'the-oldest-open-transaction-is-missed',
    changes('read by what has changed are those that are there'),
    'src/postgres/tables/watermark-changes.ts',
    'changed_xid >= $1::xid8',
    'changed_xid > $1::xid8',
  ),
  mutation(
    'quiet-sweeps-go-on',
    work('that finds nothing for long is looked for every two seconds, until there is some'),
    'src/runtime/pace.ts',
    'nothing >= QUIET_TIMES',
    'nothing < 0',
  ),
  mutation(
    'a-set-takes-what-has-not-matured',
    manyLabels('of many instruments is that of each, by one question'),
    'src/questdb/tables/pending-labels.ts',
    'row.decided_ts <= search.decidedByUs',
    'row.decided_ts <= Infinity',
  ),
  mutation(
    'a-set-reads-no-exits',
    sets('are those that each instrument alone gets, whatever befell it'),
    'pipelines/labels/label-sets.ts',
    'const endsFromUs = fromUs + horizonUs - toleranceUs;',
    'const endsFromUs = fromUs + horizonUs;',
  ),
  mutation(
    'a-set-is-graded-by-what-it-reads',
    sets('are those that each instrument alone gets, whatever befell it'),
    'pipelines/labels/label-sets.ts',
    'prices: toPrices(stored, source)',
    'prices: toPrices(stored, null)',
  ),
  mutation(
    'what-is-shown-too-late-is-shown',
    sets('of what is too much at once are fewer, never others'),
    'pipelines/labels/label-sets.ts',
    '?? Infinity) < input.toUs',
    '?? Infinity) < Infinity',
  ),
  mutation(
    'a-set-that-fails-keeps-all',
    labelJobs('are one for each instrument while the job of all fails, a thousand at a time'),
    'src/app/job-sweeps.ts',
    '  const hours = bySet\n    ? ',
    '  const hours = bySet || oldest.length > 0\n    ? ',
  ),
  mutation(
    'graded-by-whatever-was-read',
    labelsJob('by the prices that the decision stood on, whatever else was read'),
    'pipelines/grades/grading-input.ts',
    'prices: toPrices(stored, source),',
    'prices: toPrices(stored, null),',
  ),
  mutation(
    'a-database-taken-back-goes-unseen',
    witness('that finds none ends, and no new connection is used'),
    'src/postgres/witness.ts',
    '(rows[0]?.mark ?? 0) < written',
    '(rows[0]?.mark ?? written) < written',
  ),
  mutation(
    'a-dump-read-back-in-goes-unseen',
    witness('that finds an older mark over a connection that stayed ends too'),
    'src/postgres/witness.ts',
    'if (rowCount === 0) throw',
    'if (rowCount === null) throw',
  ),
  mutation(
    'redis-may-forget',
    redis('is to forget nothing and to have room'),
    'src/queue/redis-health.ts',
    `policy !== 'noeviction'`,
    `policy === 'never'`,
  ),
  mutation(
    'servers-are-started-for-ever',
    server('is given up after so many, once, and the others are kept'),
    'infra/local/keep-servers.ts',
    'if (++tries > triesMax)',
    'if (++tries > 9 * triesMax)',
  ),
  mutation(
    'logs-without-bound',
    log('keeps so many files of so many bytes, the newest lines whole and in order'),
    'src/runtime/rotating-log.ts',
    'this.bytes + chunk.length > this.bounds.maxBytes',
    'this.bytes + chunk.length > 3 * this.bounds.maxBytes',
  ),
];
