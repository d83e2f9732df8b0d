/**
 * Passwords as canaries: commands, stages and jobs that have them, that have wrong ones, and that
 * are set wrongly; and none of it is found in what they say, log, answer, queue, store or
 * dead-letter.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { kafkaConfig } from '../../src/kafka/kafka.ts';
import { Kafka, logLevel } from '../../src/kafka/kafkajs.ts';
import { openRedis } from '../../src/queue/redis.ts';
import { must } from '../../src/assert.ts';
import { runCommand } from '../../src/cli/program.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import {
  credentialsFile,
  LOGINS,
  readCredentials,
  type Login,
} from '../../src/config/credentials.ts';
import { openContext } from '../../src/runtime/context.ts';
import { startServer } from '../http/server-under-test.ts';
import { readTopic } from '../support/topics.ts';
import { freePorts } from '../support/stack.ts';
import { until } from '../support/until.ts';

const config = loadConfig();
const right = readCredentials(config.dataDir);
const wrongDir = mkdtempSync(join(tmpdir(), 'tickloom-canary-'));
const CANARY = 'canary-7f3a91';
const wrong = Object.fromEntries(
  LOGINS.map((name): [string, Login] => [
    name,
    { user: right[name]?.user ?? 'x', password: `${CANARY}-${name}` },
  ]),
);

/** What must be nowhere: each secret as it is, in a URL, and as HTTP and SASL send it. */
function needles(): string[] {
  const logins = [...Object.values(right), ...Object.values(wrong)];
  const files = ['http-token', 'control.key'].map((name) =>
    readFileSync(join(config.dataDir, name), 'utf8').trim(),
  );
  return [
    ...[CANARY, ...files],
    ...logins.flatMap(({ user, password }) => [
      password,
      Buffer.from(`${user}:${password}`).toString('base64'),
      Buffer.from(`\0${user}\0${password}`).toString('base64'),
    ]),
  ];
}

/** Everything that was said, by where. */
const heard = new Map<string, string>();
const hear = (where: string, text: string): void =>
  void heard.set(where, `${heard.get(where) ?? ''}${text}\n`);
const leaks = (): string[] => {
  const secrets = needles();
  return [...heard].flatMap(([where, text]) => {
    const at = secrets.map((secret) => text.indexOf(secret)).find((found) => found >= 0);
    return at === undefined ? [] : [`${where}: …${text.slice(Math.max(0, at - 80), at)}`];
  });
};

async function command(where: string, words: readonly string[]): Promise<void> {
  const spies = (['log', 'error', 'warn', 'info'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((line) => hear(where, String(line))),
  );
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    hear(where, String(text));
    return true;
  });
  await runCommand(words);
  for (const spy of [...spies, write]) spy.mockRestore();
  process.exitCode = undefined;
}

const COMMANDS = [
  'doctor',
  'flow',
  'models list',
  'jobs list',
  'dead-letters list',
  'stack status',
];
const ROUTES = ['settings', 'errors', 'alerts', 'jobs', 'flow', 'bots', 'openapi.json', 'nothing'];

interface Running {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** All stages and jobs in one process that logs all that it can. */
function running(where: string, port: number, env: Record<string, string>): Running {
  const bin = join(PROJECT_DIR, 'infra', 'bin', 'tickloom.mjs');
  const child = spawn(process.execPath, [bin, 'run'], {
    env: { ...process.env, TICKLOOM_LOG_LEVEL: 'trace', TICKLOOM_HTTP_PORT: `${port}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const out of [child.stdout, child.stderr]) {
    out.on('data', (chunk: Buffer) => hear(where, chunk.toString()));
  }
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hard);
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

async function askAll(where: string, url: string): Promise<void> {
  const token = readFileSync(join(config.dataDir, 'http-token'), 'utf8').trim();
  for (const path of [...ROUTES.map((route) => `v1/${route}`), 'readyz', 'metrics', '']) {
    // A wrong one once: they are counted, and then refused for a while.
    const more = path === 'v1/settings' ? ['Bearer wrong'] : [];
    for (const authorization of ['', `Bearer ${token}`, ...more]) {
      const headers = authorization === '' ? {} : { authorization };
      const answer = await fetch(`${url}/${path}`, { headers });
      hear(`${where} ${path}`, `${answer.status} ${[...answer.headers].join(' ')}`);
      hear(`${where} ${path}`, await answer.text());
    }
  }
}

const isUp = (url: string) => async (): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

const context = openContext(config, 'test');
const processes: Running[] = [];

beforeAll(() => writeFileSync(credentialsFile(wrongDir), JSON.stringify(wrong)));
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop()));
  await context.close();
  rmSync(wrongDir, { recursive: true, force: true });
});

test('stages, jobs and the API with right and with wrong passwords', async () => {
  const [good = 0, bad = 0] = await freePorts(2);
  processes.push(
    running('run', good, {}),
    running('run with wrong passwords', bad, { TICKLOOM_DATA_DIR: wrongDir }),
  );
  const one = must(processes[0]);
  await until('the API is up', isUp(one.url));
  const words = /password authentication failed|refuses user and password|WRONGPASS/;
  await until('wrong passwords are refused', () =>
    Promise.resolve(words.test(heard.get('run with wrong passwords') ?? '')),
  );
  const record = { topic: context.topicName('ticks'), key: 'a:B', timestampMs: 1 };
  await context.outLog().append([{ ...record, value: 'no record' }]);
  await until(
    'a record is dead',
    async () => (await readTopic(context, 'dead-letters')).length > 0,
  );
  for (const { value, headers } of await readTopic(context, 'dead-letters')) {
    hear('dead letters', `${String(value)} ${JSON.stringify(headers)}`);
  }
  await askAll('API', one.url);
  const server = await startServer({ env: { TICKLOOM_DATA_DIR: wrongDir } });
  await askAll('API with wrong passwords', server.url);
  hear('API with wrong passwords', server.logged.join('\n'));
  await server.close();
  await Promise.all(processes.splice(0).map((each) => each.stop()));
  expect(heard.get('API with wrong passwords readyz')).toContain('503');
  expect(leaks()).toEqual([]);
});

test('commands with right, with wrong and with unreadable credentials, and with wrong settings', async () => {
  for (const each of COMMANDS) await command(each, each.split(' '));
  vi.stubEnv('TICKLOOM_DATA_DIR', wrongDir);
  for (const each of COMMANDS) await command(`${each}, wrong passwords`, each.split(' '));
  const settings: Record<string, string> = {
    TICKLOOM_POSTGRES_URL: `postgres://u:${CANARY}@:x`,
    TICKLOOM_QUESTDB_URL: `ftp://u:${CANARY}@127.0.0.1:1`,
    TICKLOOM_QUESTDB_PG_URL: `http://u:${CANARY}@127.0.0.1:1/qdb`,
    TICKLOOM_REDIS_URL: `redis://u:${CANARY}@`,
    TICKLOOM_KAFKA_PASSWORD: `${CANARY}\u0007`,
    TICKLOOM_CONTROL_KEY: `${CANARY},${CANARY}`,
  };
  for (const [name, value] of Object.entries(settings)) {
    vi.unstubAllEnvs();
    vi.stubEnv(name, value);
    await command(`wrong ${name}`, ['models', 'list']);
    expect(heard.get(`wrong ${name}`)).toContain(name);
  }
  vi.unstubAllEnvs();
  vi.stubEnv('TICKLOOM_DATA_DIR', wrongDir);
  writeFileSync(credentialsFile(wrongDir), `{"postgres": {"password": "${CANARY}"`);
  await command('unreadable credentials', ['models', 'list']);
  expect(heard.get('unreadable credentials')).toContain('restore it, or remove it');
  writeFileSync(credentialsFile(wrongDir), JSON.stringify(wrong));
  expect(leaks()).toEqual([]);
});

test('the client of Kafka says nothing of its password, whatever it logs', async () => {
  const login = must(wrong['kafka']);
  const { brokers } = config.kafka;
  const sasl = { mechanism: 'plain' as const, username: login.user, password: login.password };
  const client = new Kafka({
    ...kafkaConfig({ brokers, tls: false, ca: null, sasl }),
    retry: { retries: 0 },
    logLevel: logLevel.DEBUG,
    logCreator: () => (entry) => hear('Kafka client', JSON.stringify(entry)),
  });
  const admin = client.admin();
  const error = await admin.connect().then(
    () => null,
    (reason: unknown) => reason as Error,
  );
  hear('Kafka client', `${error?.message} ${error?.stack}`);
  await admin.disconnect();
  expect(error).not.toBe(null);
  expect(leaks()).toEqual([]);
});

test('what is stored and queued, and what the servers log', async () => {
  const { rows } = await context.postgres.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public'`,
  );
  for (const { name } of rows) {
    const found = await context.postgres.query<{ row: string }>(
      `SELECT left(t::text, 20000) AS row FROM ${name} t LIMIT 5000`,
    );
    hear(`PostgreSQL ${name}`, found.rows.map(({ row }) => row).join('\n'));
  }
  const redis = openRedis(config);
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    hear('Redis', `${key} ${type}`);
    if (type === 'hash') hear('Redis', JSON.stringify(await redis.hgetall(key)));
    if (type === 'string') hear('Redis', (await redis.get(key)) ?? '');
  }
  redis.disconnect();
  const logs = join(config.dataDir, 'logs');
  for (const name of readdirSync(logs)) hear(`log ${name}`, readFileSync(join(logs, name), 'utf8'));
  expect(rows.length).toBeGreaterThan(20);
  expect(heard.get('log postgres.log')).toContain('password authentication failed');
  expect(heard.get('Redis')).toContain(`${config.topicPrefix}tickloom:labels`);
  expect(leaks()).toEqual([]);
});

test('a leak would be found: connect, whose work it is to say them', async () => {
  await command('connect', ['connect', '--json']);
  expect(leaks()).toEqual([expect.stringMatching(/^connect: /)]);
});
