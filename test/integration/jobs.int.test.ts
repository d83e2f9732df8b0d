/** The jobs process on the real servers: what it does, once, whatever comes in between. */
import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Queue } from 'bullmq';
import { openQueues } from '../../src/queue/queue.ts';
import { openRedis } from '../../src/queue/redis.ts';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { formatUs, parseUs, US_PER_DAY } from '../../src/domain/time.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { installationToken } from '../../src/http/access.ts';
import {
  ATTEMPTS_MAX,
  breakHold,
  holdRun,
  putOff,
  reviveFailed,
  runsToTry,
  takeRun,
} from '../../src/postgres/tables/job-attempts.ts';
import { addDueRuns, renameRuns } from '../../src/postgres/tables/job-runs.ts';
import { jobAlerts } from '../../src/postgres/tables/job-alerts.ts';
import { labels, type LabelRow } from '../../src/questdb/tables/labels.ts';
import { LabelBacklog, type PendingLabels } from '../../src/questdb/tables/pending-labels.ts';
import { modelOutcomes } from '../../src/questdb/tables/model-outcomes.ts';
import { predictions, type PredictionRow } from '../../src/questdb/tables/predictions.ts';
import type { SqlReader } from '../../src/questdb/table.ts';
import { tickloom } from '../support/command.ts';
import { Installation } from '../support/installation.ts';
import { suspendTable } from '../support/suspended.ts';
import { until } from '../support/until.ts';
import { WITNESS } from '../support/witness.ts';

const AT = parseUs('2033-03-03T00:00:00Z');
const JOBS = ['quality', 'review', 'training', 'retention', 'reports'];

let installation: Installation;
const query = async <Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> =>
  (await installation.context.postgres.query<Row>(sql, params)).rows;

beforeAll(async () => {
  installation = new Installation();
  await query(WITNESS);
});
afterAll(() => installation.close());

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
    const { context } = installation;
    const resume = await suspendTable(context, 'heartbeats', AT);
    const ids: number[] = [];
    for (const job of JOBS) {
      for (const symbol of ['A', 'B']) ids.push(await add(job, `jobs:${symbol}/USD`));
    }
    // A table that stays suspended would take every later test with it.
    let isOver = false;
    onTestFinished(async () => (isOver ? undefined : resume()));
    const put = () => query(`SELECT FROM job_runs WHERE outages > 0`);
    await until('runs are put off', async () => (await put()).length >= 2);
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
    await resume();
    isOver = true;
    for (const id of ids) {
      const run = await until(
        `run ${id} ends`,
        async () => {
          const now = await seen(id);
          return ['done', 'refused'].includes(now.state) ? now : undefined;
        },
        200_000,
      );
      expect(run).toMatchObject({ attempts: 0 });
    }
    for (const id of ids) expect(await timesDone(id)).toBeLessThanOrEqual(1);
    await until('the errors are closed', async () => (await errors()).length === 0);
  }, 400_000);
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

describe('Redis', () => {
  const alerts = async (): Promise<string[]> =>
    (
      await query<{ alert_key: string }>(
        `SELECT alert_key FROM alerts WHERE starts_with(alert_key, 'redis:') AND state = 'open'`,
      )
    ).map(({ alert_key }) => alert_key);

  test('full, evicting or without an answer is told soon, loses nothing, and is over by itself', async () => {
    const { config } = installation.context;
    const redis = openRedis(config);
    const readiness = async (): Promise<{ status: number; redis: string }> => {
      const response = await fetch(`http://127.0.0.1:${config.httpPort}/readyz`);
      const { checks } = (await response.json()) as { checks: { redis: string } };
      return { status: response.status, redis: checks.redis };
    };
    const setting = (name: string, value: string) => redis.config('SET', name, value);
    try {
      expect(await alerts()).toEqual([]);
      await setting('maxmemory', '1');
      await until('it is full', async () => (await alerts()).includes('redis:full'), 30_000);
      expect(await readiness()).toMatchObject({
        status: 503,
        redis: expect.stringContaining('full'),
      });
      const id = await add('review', 'jobs:FULL/USD');
      await until('the sweep says so', async () =>
        query(`SELECT FROM errors WHERE error_key = 'sweep:runs' AND state = 'open'`).then(
          (rows) => rows.length === 1,
        ),
      );
      await setting('maxmemory', '0');
      expect(await ended(id)).toMatchObject({ attempts: 0 });
      await setting('maxmemory', '100mb');
      await setting('maxmemory-policy', 'allkeys-lru');
      await until('it evicts', async () => (await alerts()).join() === 'redis:evicting', 30_000);
      await setting('maxmemory-policy', 'noeviction');
      await setting('maxmemory', '0');
      await until('it is well', async () => (await alerts()).length === 0, 30_000);
      await redis.call('CLIENT', 'PAUSE', '12000');
      await until('it is away', async () => (await alerts()).includes('redis:away'), 30_000);
      const behind = await add('review', 'jobs:PAUSE/USD');
      await ended(behind);
      await until('all is over', async () => (await alerts()).length === 0, 60_000);
      await until('the errors are closed', async () =>
        query(`SELECT FROM errors WHERE starts_with(error_key, 'sweep:') AND state = 'open'`).then(
          (rows) => rows.length === 0,
        ),
      );
    } finally {
      await setting('maxmemory-policy', 'noeviction').catch(() => undefined);
      await setting('maxmemory', '0').catch(() => undefined);
      redis.disconnect();
    }
  });
});

describe('queues of an earlier version', () => {
  test('are emptied when the queues are opened', async () => {
    const { config, log } = installation.context;
    const prefix = `old-queues-${process.pid}`;
    const connection = openRedis(config, { maxRetriesPerRequest: null });
    const old = new Queue('curation', { connection, prefix });
    await old.add('curation', { subject: 'v:s', dueTs: AT });
    expect(await old.getWaitingCount()).toBe(1);
    const queues = openQueues(config, prefix, log);
    await until('nothing waits', async () => (await old.getWaitingCount()) === 0);
    await queues.close();
    await old.close();
    connection.disconnect();
  });

  test('give their runs to the job of the new name, each once', async () => {
    const { postgres } = installation.context;
    const subject = `renamed:${process.pid}`;
    await addDueRuns(postgres, 'curation', [subject], AT);
    await addDueRuns(postgres, 'curation', [subject], AT + US_PER_DAY);
    await addDueRuns(postgres, 'reports', [subject], AT);
    await renameRuns(postgres, 'curation', 'reports');
    const { rows } = await postgres.query(
      'DELETE FROM job_runs WHERE subject = $1 RETURNING job, due_ts',
      [subject],
    );
    expect(rows.toSorted((a, b) => a.due_ts - b.due_ts)).toEqual([
      { job: 'reports', due_ts: AT },
      { job: 'reports', due_ts: AT + US_PER_DAY },
    ]);
  });
});

describe('two jobs processes', () => {
  test('side by side run nothing twice and lose nothing', async () => {
    const second = new Installation();
    try {
      await second.start('jobs');
      const ids: number[] = [];
      for (let n = 0; n < 12; n++) {
        for (const job of ['review', 'retention']) ids.push(await add(job, `jobs:TWO${n}/USD`));
      }
      for (const id of ids) await ended(id);
      const { rows } = await second.context.postgres.query<{ starts: number; ends: number }>(
        `SELECT count(*) FILTER (WHERE is_now = 'running') AS starts,
           count(*) FILTER (WHERE is_now = 'done') AS ends
         FROM run_witness WHERE run_id = ANY($1) GROUP BY run_id`,
        [ids],
      );
      expect(rows).toHaveLength(ids.length);
      expect(new Set(rows.map(({ starts, ends }) => `${starts} ${ends}`))).toEqual(
        new Set(['1 1']),
      );
    } finally {
      await second.close();
    }
  });
});

describe('a backlog of labels', () => {
  test('of many instruments is that of each, by one question', async () => {
    const { context, reader } = installation;
    const writer = context.questdbWriter();
    const specs = { horizonUs: 3_600e6, latenessUs: 0, labelSpec: 'direction_1h@1' };
    const settings = { ...specs, moreLabelSpecs: ['return_1h@1'] };
    const minute = 60_000_000;
    const rows: PredictionRow[] = [];
    const labelled: LabelRow[] = [];
    const markets = Array.from({ length: 40 }, (_, i) => ({
      ...{ venue: 'backlog', symbol: `M${i}/USD` },
      // Some are behind the others, so that their last decisions have not matured.
      reachedTs: AT + specs.horizonUs + (10 - (i % 3)) * minute,
    }));
    for (const [i, { venue, symbol }] of markets.entries()) {
      for (let n = 0; n < 10; n++) {
        const ts = AT + n * minute;
        const of = { ts, decided_ts: ts + 1, venue, symbol, label_spec: specs.labelSpec };
        rows.push({ ...PREDICTED, ...of, known_at: ts, prediction_id: `${symbol}${n}` });
        // The last ones lack a label; of every fifth market none does, of every seventh all do.
        const has = i % 5 === 0 || (i % 7 !== 0 && n < 8);
        if (has) labelled.push({ ...VOID, ...of, label_known_at: ts });
      }
    }
    await writer.write(predictions, rows);
    await writer.write(labels, labelled);
    await reader.waitApplied(['predictions', 'labels']);
    let questions = 0;
    const counting: SqlReader = {
      waitApplied: (tables) => reader.waitApplied(tables),
      query: (sql, params) => {
        questions += 1;
        return reader.query(sql, params);
      },
    };
    const plain = (found: readonly PendingLabels[]): string[] =>
      found.map((one) => JSON.stringify({ ...one, pending: 0 })).toSorted();
    const each = new LabelBacklog(reader, () => Promise.resolve(markets), settings);
    const one: PendingLabels[] = [];
    for (const market of markets) one.push(...(await each.pending(instrumentKey(market))));
    expect(one.length).toBeGreaterThan(40);
    const many = new LabelBacklog(counting, () => Promise.resolve(markets), settings);
    expect(plain(await many.pending())).toEqual(plain(one));
    expect(questions).toBe(80);
    questions = 0;
    expect(plain(await many.pending())).toEqual(plain(one));
    expect(questions).toBeLessThanOrEqual(2);
    // What is labelled meanwhile is found by the set as well.
    const [first] = one;
    await writer.write(labels, [
      { ...VOID, ...rows[10], label_known_at: AT, label_spec: must(first).label_spec } as LabelRow,
    ]);
    await reader.waitApplied(['labels']);
    const again = new LabelBacklog(reader, () => Promise.resolve(markets), settings);
    expect(plain(await many.pending())).toEqual(plain(await again.pending()));
  });
});

describe('outcomes', () => {
  test('of many markets are those of each', async () => {
    const { context, reader } = installation;
    const predicted: PredictionRow[] = [];
    const known: LabelRow[] = [];
    const label_spec = 'direction_1h@1';
    for (let i = 0; i < 30; i++) {
      for (let n = 0; n < 6; n++) {
        const ts = AT + (i % 4) * US_PER_DAY + n * 3_600_000_000;
        const of = { ts, decided_ts: ts, venue: 'outcomes', symbol: `M${i}/USD`, label_spec };
        const up = (i + n) % 3 === 0 ? 1 : 0;
        const id = { known_at: ts, prediction_id: `${i}:${n}`, probability_up: 0.3 + n / 20 };
        predicted.push({ ...PREDICTED, ...of, ...id });
        // A model that changes its slot speaks twice of one decision.
        if (n === 2) predicted.push({ ...PREDICTED, ...of, ...id, slot: 'shadow' });
        if (n < 5) known.push({ ...VOID, ...of, label_known_at: ts, state: 'matured', up });
      }
    }
    await context.questdbWriter().write(predictions, predicted);
    await context.questdbWriter().write(labels, known);
    await reader.waitApplied(['predictions', 'labels']);
    const request = { by: 'symbol', venue: 'outcomes' } as const;
    const { metrics } = await modelOutcomes(reader, request);
    const each = [];
    for (let i = 0; i < 30; i++) {
      each.push(...(await modelOutcomes(reader, { ...request, symbol: `M${i}/USD` })).metrics);
    }
    expect(metrics).toHaveLength(30);
    expect(metrics.map(({ rows }) => rows)).toEqual(metrics.map(() => 5));
    expect(metrics).toEqual(each.toSorted((a, b) => (a.group < b.group ? -1 : 1)));
    const one = await modelOutcomes(reader, { ...request, by: 'model', modelId: 'm' });
    expect(one.metrics).toMatchObject([{ group: 'all', rows: 150 }]);
    expect((await modelOutcomes(reader, { ...request, modelId: 'none' })).metrics).toEqual([]);
  });
});

const PREDICTED = {
  ...{ slot: 'champion', feature_id: 'f', model_id: 'm', horizon_s: 3600, probability_up: 0.5 },
  ...{ expected_return: 0, verdict: 'ok' as const, close: 1 },
};
const VOID: Omit<
  LabelRow,
  'ts' | 'decided_ts' | 'label_known_at' | 'venue' | 'symbol' | 'label_spec'
> = {
  ...{ revision: 0, entry_ts: null, entry_price: null, exit_ts: null, exit_price: null },
  ...{ forward_return: null, up: null, state: 'void', void_reason: 'no_entry', flags: '' },
};
