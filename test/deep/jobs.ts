/**
 * Due runs of all kinds behind a suspended table: each is done once afterwards, by itself, whatever
 * happened to the process that does them meanwhile.
 *
 *   node --import tsx test/deep/jobs.ts [--runs 100] [--minutes 10]
 *
 * Half of the time two processes do the jobs, and one of them is killed in between.
 */
import { parseArgs } from 'node:util';
import { sleep } from '../../src/clock.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { createTopics } from '../../src/runtime/topics.ts';
import startServers from '../support/global-stack.ts';
import { Installation } from '../support/installation.ts';
import { report, type ProofResult } from '../support/report.ts';
import { suspendTable } from '../support/suspended.ts';
import { until } from '../support/until.ts';
import { WITNESS } from '../support/witness.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    minutes: { type: 'string', default: '10' },
    report: { type: 'string' },
  },
});
const [RUNS, MS] = [Number(values.runs), Number(values.minutes) * 60_000];
const JOBS = ['quality', 'review', 'training', 'retention', 'reports'];
const AT = parseUs('2033-03-03T00:00:00Z');
const SETTINGS = { TICKLOOM_TOPIC_PREFIX: 'deep-' };

async function prove(first: Installation, second: Installation): Promise<string[]> {
  const { context } = first;
  const { postgres } = context;
  const topics = { partitions: 1, topicName: context.topicName };
  await createTopics(context.kafka, topics);
  await postgres.query(WITNESS);
  for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await first.start(name);
  const resume = await suspendTable(context, 'heartbeats', AT);
  for (let i = 0; i < RUNS; i++) {
    await postgres.query('INSERT INTO job_runs (job, subject, due_ts) VALUES ($1, $2, $3)', [
      JOBS[i % JOBS.length],
      `deep:S${Math.floor(i / JOBS.length)}/USD`,
      formatUs(AT),
    ]);
  }
  console.log(`${RUNS} runs are due, the table is suspended for ${values.minutes} minutes`);
  await sleep(MS / 2);
  await second.start('jobs');
  await sleep(MS / 4);
  await first.stop('jobs', 'SIGKILL');
  await sleep(MS / 4);
  await resume();
  await until(
    'no run is open',
    async () => {
      const { rows } = await postgres.query<{ open: number }>(
        `SELECT count(*) AS open FROM job_runs
         WHERE starts_with(subject, 'deep:') AND state NOT IN ('done', 'refused')`,
      );
      return rows[0]?.open === 0;
    },
    60_000 + RUNS * 20_000,
  );
  const { rows } = await postgres.query<{ job: string; subject: string; what: string }>(
    `SELECT r.job, r.subject, r.state || ', ' || r.attempts || ' failed, ended ' || count(w) ||
       ' times' AS what
     FROM job_runs r LEFT JOIN run_witness w ON w.run_id = r.run_id
       AND w.is_now IN ('done', 'refused', 'failed')
     WHERE starts_with(r.subject, 'deep:') GROUP BY r.run_id, r.job, r.subject, r.state, r.attempts
     HAVING count(w) <> 1 OR r.attempts > 0`,
  );
  return rows.map(({ job, subject, what }) => `${job} of ${subject}: ${what}`);
}

const stop = await startServers();
const [first, second] = [new Installation(SETTINGS), new Installation(SETTINGS)];
const fullName = `${RUNS} due runs behind a suspended table are each done once, by themselves`;
let result: ProofResult = { status: 'failed', fullName };
try {
  const wrong = await prove(first, second);
  for (const line of wrong) console.log(`  ${line}`);
  if (wrong.length === 0) result = { status: 'passed', fullName };
} catch (error) {
  console.log(`  ${(error as Error).message}`);
} finally {
  await first.close();
  await second.close();
  await stop();
}
process.exitCode = report([result], values.report);
setTimeout(() => process.exit(), 5_000).unref();
