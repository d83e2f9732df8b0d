/** The jobs process on the real servers: what it does, once, whatever comes in between. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/config.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { heartbeats } from '../../src/tables/questdb/heartbeats.ts';
import { installationToken } from '../../src/http/access.ts';
import {
  ATTEMPTS_MAX,
  breakHold,
  holdRun,
  putOff,
  reviveFailed,
  runsToTry,
  takeRun,
} from '../../src/tables/postgres/job-attempts.ts';
import { jobAlerts } from '../../src/tables/postgres/job-alerts.ts';
import { createTopics } from '../../src/processes/topics.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const AT = parseUs('2033-03-03T00:00:00Z');
const SETTINGS = { TICKLOOM_TOPIC_PREFIX: 'jobs-' };
const JOBS = ['quality', 'review', 'training', 'retention', 'curation'];

let installation: Installation;
const query = async <Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> =>
  (await installation.context.postgres.query<Row>(sql, params)).rows;

/** Every change of a run to `running` or to an end is kept by the database itself. */
const WITNESS = `
  CREATE TABLE run_witness (at bigserial, run_id bigint, was text, is_now text);
  CREATE FUNCTION witness_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO run_witness (run_id, was, is_now) VALUES (new.run_id, old.state, new.state);
    RETURN new;
  END $$;
  CREATE TRIGGER witness AFTER UPDATE ON job_runs FOR EACH ROW
    WHEN (old.state <> new.state) EXECUTE FUNCTION witness_run()`;

beforeAll(async () => {
  installation = new Installation(SETTINGS);
  const { kafka, topicOf } = installation.context;
  await createTopics(kafka, { partitions: 1, topicOf });
  await query(WITNESS);
  // Whatever other tests have left due is not looked at here.
  await query(`DELETE FROM job_runs WHERE state IN ('due', 'running', 'failed')`);
});
afterAll(async () => {
  await installation.close();
  const after = new Installation();
  await after.context.postgres.query(
    `DROP TRIGGER witness ON job_runs; DROP FUNCTION witness_run; DROP TABLE run_witness;
     DELETE FROM job_runs WHERE starts_with(subject, 'jobs:')`,
  );
  await after.close();
});

const add = async (job: string, subject: string, dueTs = AT): Promise<number> => {
  const [row] = await query<{ run_id: number }>(
    `INSERT INTO job_runs (job, subject, due_ts) VALUES ($1, $2, $3) RETURNING run_id`,
    [job, subject, formatUs(dueTs)],
  );
  return must(row).run_id;
};
interface Seen {
  readonly state: string;
  readonly attempts: number;
  readonly outages: number;
  readonly cause: string | null;
  readonly last_error: string | null;
}
const seen = async (id: number): Promise<Seen> =>
  must((await query<Seen>('SELECT * FROM job_runs WHERE run_id = $1', [id]))[0]);
const ended = (id: number, state = 'done'): Promise<Seen> =>
  until(`run ${id} is ${state}`, async () => {
    const run = await seen(id);
    return run.state === state ? run : undefined;
  });
const timesDone = async (id: number): Promise<number> =>
  (await query(`SELECT FROM run_witness WHERE run_id = $1 AND is_now = 'done'`, [id])).length;

describe('jobs', () => {
  test('are done under `tickloom run jobs`, started from anywhere', async () => {
    const id = await add('review', 'jobs:NPX/USD');
    const bin = join(PROJECT_DIR, 'infra', 'bin', 'tickloom.mjs');
    const child: ChildProcess = spawn(process.execPath, [bin, 'run', 'jobs'], {
      cwd: tmpdir(),
      env: { ...process.env, ...SETTINGS },
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    try {
      expect(await ended(id)).toMatchObject({ state: 'done', attempts: 0 });
    } finally {
      child.kill('SIGTERM');
      await gone;
    }
  });

  test('behind a suspended table are each done once, by themselves', async () => {
    for (const name of ['stream', 'sink', 'money', 'jobs'] as const) await installation.start(name);
    const { context, reader } = installation;
    const dir = join(context.config.dataDir, 'questdb', 'db');
    const table = must(readdirSync(dir).find((name) => /^heartbeats(~|$)/.test(name)));
    const day = join(dir, table, '2033-03-04');
    expect(existsSync(day)).toBe(false);
    // A file where the day's folder should be: applying the row fails, and the table is suspended.
    writeFileSync(day, '');
    const beat = { venue: 'jobs', symbol: 'A/USD', ts: AT + 86_400_000_000, known_at: AT };
    await context.questdbWriter().write(heartbeats, [beat]);
    const suspended = async () =>
      (await reader.query('SELECT name FROM wal_tables() WHERE suspended')).length > 0;
    await until('the table is suspended', suspended);
    const ids: number[] = [];
    for (const job of JOBS) {
      for (const symbol of ['A', 'B']) ids.push(await add(job, `jobs:${symbol}/USD`));
    }
    const put = () =>
      query(`SELECT FROM job_runs WHERE outages > 1 AND starts_with(subject, 'jobs:')`);
    await until('runs are put off again and again', async () => (await put()).length >= 2);
    await until('an alert says so', async () =>
      query(`SELECT FROM alerts WHERE alert_key = 'suspended:heartbeats' AND state = 'open'`).then(
        (rows) => rows.length === 1,
      ),
    );
    const errors = () =>
      query<{ occurrences: number; state: string }>(
        `SELECT * FROM errors WHERE starts_with(error_key, 'job-outage:') AND state = 'open'`,
      );
    expect((await errors()).length).toBeGreaterThan(0);
    expect((await errors()).length).toBeLessThanOrEqual(JOBS.length);
    rmSync(day);
    await reader.query('ALTER TABLE heartbeats RESUME WAL');
    for (const id of ids) {
      const run = await until(`run ${id} ends`, async () => {
        const now = await seen(id);
        return ['done', 'refused'].includes(now.state) ? now : undefined;
      });
      expect(run).toMatchObject({ attempts: 0 });
    }
    for (const id of ids) expect(await timesDone(id)).toBeLessThanOrEqual(1);
    await until('the errors are closed', async () => (await errors()).length === 0);
  });
});

describe('a run', () => {
  test('counts its own attempts, rests, fails for good, and is due again when it has rested', async () => {
    const { postgres } = installation.context;
    await installation.stop('jobs');
    const key = { job: 'review', subject: 'jobs:OWN/USD', due_ts: AT };
    const [own, other] = [
      await add(key.job, key.subject),
      await add('review', key.subject, AT + 1),
    ];
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      expect(await takeRun(postgres, key, `c${attempt}`)).toBe(true);
      // Whoever had it before says nothing of it any more.
      const late = { cause: 'error', message: 'late' } as const;
      expect(await putOff(postgres, key, `c${attempt - 1}`, late)).toBeNull();
      expect(await takeRun(postgres, key, `o${attempt}`)).toBe(true);
      const away = { cause: 'outage', message: 'away' } as const;
      expect(await putOff(postgres, key, `o${attempt}`, away)).toMatchObject({
        state: 'due',
        attempts: attempt - 1,
      });
      expect((await runsToTry(postgres, ['review'], 9)).map(({ due_ts }) => due_ts)).toEqual([
        AT + 1,
      ]);
      await takeRun(postgres, key, `c${attempt}`);
      await putOff(postgres, key, `c${attempt}`, { cause: 'error', message: `no ${attempt}` });
    }
    expect(await seen(own)).toMatchObject({ state: 'failed', attempts: 4, last_error: 'no 4' });
    expect(await seen(other)).toMatchObject({ state: 'due', attempts: 0, last_error: null });
    expect((await jobAlerts(postgres)).map(({ key: alert }) => alert)).toContain(
      'job-runs:review:failed',
    );
    // The newer one makes up for it. Without that, it is tried again an hour later.
    const rested = `UPDATE job_runs SET next_try_at = now() - interval '1 s' WHERE run_id = $1`;
    await query(`UPDATE job_runs SET state = 'cancelled' WHERE run_id = $1`, [other]);
    expect(await reviveFailed(postgres)).toEqual([]);
    await query(rested, [own]);
    await query(`UPDATE job_runs SET state = 'done' WHERE run_id = $1`, [other]);
    expect(await reviveFailed(postgres)).toEqual([]);
    await query('DELETE FROM job_runs WHERE run_id = $1', [other]);
    expect(await reviveFailed(postgres)).toMatchObject([{ subject: key.subject }]);
    await takeRun(postgres, key, 'again');
    await putOff(postgres, key, 'again', { cause: 'error', message: 'no 5' });
    const [{ hours } = { hours: 0 }] = await query<{ hours: number }>(
      `SELECT round(extract(epoch FROM next_try_at - now()) / 3600)::int AS hours
       FROM job_runs WHERE run_id = $1`,
      [own],
    );
    expect(hours).toBe(2);
  });

  test('rests no longer when the clock is put back, and at most once when it is put on', async () => {
    const { postgres } = installation.context;
    const key = { job: 'review', subject: 'jobs:CLOCK/USD', due_ts: AT };
    const id = await add(key.job, key.subject);
    await takeRun(postgres, key, 'c');
    await putOff(postgres, key, 'c', { cause: 'error', message: 'no' });
    const isToTry = async () =>
      (await runsToTry(postgres, ['review'], 99)).some(({ subject }) => subject === key.subject);
    expect(await isToTry()).toBe(false);
    for (const shift of ['1 hour', '-1 hour']) {
      const by = `UPDATE job_runs SET next_try_at = next_try_at + $2::interval WHERE run_id = $1`;
      await query(by, [id, shift]);
      expect(await isToTry()).toBe(true);
      await query(by, [id, shift === '1 hour' ? '-1 hour' : '1 hour']);
    }
    const hold = await holdRun(postgres, key);
    expect(hold).not.toBeNull();
    expect(await holdRun(postgres, key)).toBeNull();
    await hold?.release();
    const again = await holdRun(postgres, key);
    expect(again).not.toBeNull();
    const lost = must(again).lost.then(() => 'lost');
    expect(await breakHold(postgres, key)).toBe(1);
    expect(await lost).toBe('lost');
    await again?.release();
    await query('DELETE FROM job_runs WHERE run_id = $1', [id]);
  });

  test('is listed, shown, cancelled and tried again, by command and by HTTP', async () => {
    await installation.start('http');
    const id = await add('review', 'jobs:HAND/USD');
    const listed = await tickloom('jobs', 'list', '--job', 'review', '--json');
    expect(JSON.parse(listed.out)).toContainEqual(
      expect.objectContaining({ run_id: id, state: 'due', attempts: 0 }),
    );
    expect((await tickloom('jobs', 'cancel', String(id), '--why', 'a test')).code).toBe(0);
    expect((await seen(id)).state).toBe('cancelled');
    const refused = await tickloom('jobs', 'cancel', String(id));
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('is cancelled');
    expect((await tickloom('jobs', 'show', '999999999')).code).toBe(1);
    expect((await tickloom('jobs', 'show', 'x')).code).toBe(2);
    const page = await tickloom('jobs', 'show', String(id));
    expect(page.out).toContain('jobs:HAND/USD');

    const { config } = installation.context;
    const url = `http://127.0.0.1:${config.httpPort}/v1/jobs/${id}`;
    expect(await (await fetch(url)).json()).toMatchObject({ run_id: id, state: 'cancelled' });
    expect((await fetch(`${url}/retry`, { method: 'POST' })).status).toBe(401);
    const token = installationToken(config.dataDir);
    const headers = { authorization: `Bearer ${token}` };
    const retried = await fetch(`${url}/retry`, { method: 'POST', headers });
    expect([retried.status, await retried.json()]).toMatchObject([200, { state: 'due' }]);
    await installation.start('jobs');
    await ended(id);
    expect((await fetch(`${url}/cancel`, { method: 'POST', headers })).status).toBe(409);
    const none = await fetch(`http://127.0.0.1:${config.httpPort}/v1/jobs/999999999`);
    expect(none.status).toBe(404);
    const audit = await query(
      `SELECT action, reason FROM audit_log WHERE subject = $1 ORDER BY audit_id`,
      [String(id)],
    );
    expect(audit).toEqual([
      { action: 'job_cancel', reason: 'a test' },
      { action: 'job_retry', reason: null },
    ]);
  });
});
