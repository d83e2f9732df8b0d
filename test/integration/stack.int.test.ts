/** The local stack on real servers of its own: started, asked, killed, taken over, stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordFile, type ServerName } from '../../infra/local/data-dir.ts';
import { portProblem } from '../../infra/local/ports.ts';
import { isRunning, readRecord, writeRecord } from '../../infra/local/process-record.ts';
import {
  resetStack,
  stackStatus,
  startServer,
  startStack,
  stopServer,
  stopStack,
  type ServerStatus,
  type Stack,
} from '../../infra/local/stack.ts';
import { queryQuestDb } from '../../src/questdb/http.ts';
import { must } from '../../src/assert.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { childEnv, loadConfig, type Config } from '../../src/config/config.ts';
import { runProgram } from '../../infra/local/run-program.ts';
import { stackEnv } from '../support/stack.ts';

let env: Record<string, string> = {};
let config: Config;
let stack: Stack;
const logged: string[] = [];

/** Servers and names of the test's own data directory. */
const start = async (): Promise<void> => {
  logged.length = 0;
  stack = await startStack(config, { onProgress: (line) => logged.push(line) });
};
const readStatus = async (name: ServerName): Promise<ServerStatus> =>
  must(
    (await stackStatus(config)).find((server) => server.name === name),
    'all four are told',
  );
const readPid = async (name: ServerName): Promise<number> =>
  must((await readStatus(name)).pid, `${name} runs`);

/** Processes whose command line names the data directory, as a person would look for them. */
function ours(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(config.dataDir);
      } catch {
        return false;
      }
    });
}

async function postgres<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: config.postgresUrl });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const kafka = (): Kafka =>
  new Kafka({
    brokers: [...config.kafkaBrokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 2 },
  });

async function questdb(query: string): Promise<unknown[][]> {
  const path = `/exec?query=${encodeURIComponent(query)}`;
  const { text } = await queryQuestDb(config.questdbUrl, path);
  const body = JSON.parse(text) as { dataset?: unknown[][]; error?: string };
  if (body.error !== undefined) throw new Error(body.error);
  return body.dataset ?? [];
}

const writeLine = (line: string): Promise<{ status: number }> =>
  queryQuestDb(config.questdbUrl, '/write?precision=u', {
    method: 'POST',
    body: Buffer.from(line),
  });

async function readTopic(topic: string, count: number): Promise<string[]> {
  // A group's first join finds a coordinator that still loads, on a busy machine for seconds.
  const consumer = kafka().consumer({ groupId: `test-${topic}`, retry: { retries: 30 } });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    // A consumer that gives up says so by an event alone. One that begins again says it too.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    consumer
      .run({
        eachMessage: async ({ message }) => {
          values.push(message.value?.toString() ?? '');
          if (values.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

beforeAll(async () => {
  env = await stackEnv();
  config = loadConfig(env);
  await start();
}, 180_000);

afterAll(async () => {
  await stack.stop();
  await resetStack(config);
  rmSync(config.dataDir, { recursive: true });
});

describe('every server', () => {
  test('runs and answers, and its process is recorded', async () => {
    for (const server of await stackStatus(config)) {
      expect(server).toMatchObject({ state: 'running', ready: true, reason: null });
      expect(readRecord(recordFile(config.dataDir, server.name))?.pid).toBe(server.pid);
    }
    expect(logged.filter((line) => line.includes('ready on'))).toHaveLength(4);
  });

  test('listens on loopback alone', () => {
    const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/net/${name}`, 'utf8'));
    const ports = [config.kafkaBrokers[0], config.redisUrl, config.questdbUrl, config.postgresUrl]
      .map((url) => Number(/:(\d+)(?:\/[^/]*)?$/.exec(url ?? '')?.[1]))
      .map((port) => port.toString(16).toUpperCase().padStart(4, '0'));
    for (const port of ports) {
      const addresses = tables
        .flatMap((table) => [...table.matchAll(new RegExp(`: (\\w+):${port} \\w+:0000 0A`, 'g'))])
        .map((match) => match[1]);
      expect(addresses.length).toBeGreaterThan(0);
      const loopback = new Set(['0100007F', '0000000000000000FFFF00000100007F']);
      expect(addresses.filter((address) => !loopback.has(address ?? ''))).toEqual([]);
    }
  });
});

describe('Kafka', () => {
  test('keeps what is produced, and makes no topic by a typo', async () => {
    const admin = kafka().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'round-trip', numPartitions: 1 }] });
    const producer = kafka().producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const old = String(Date.UTC(2014, 4, 1));
    const ahead = String(Date.UTC(2100, 0, 1));
    const messages = [
      { value: 'a', timestamp: old },
      { value: 'b', timestamp: ahead },
    ];
    await producer.send({ topic: 'round-trip', messages });
    await expect(
      producer.send({ topic: 'round-tripp', messages: [{ value: 'x' }] }),
    ).rejects.toThrow(/does not host this topic-partition/);
    await producer.disconnect();
    expect(await readTopic('round-trip', 2)).toEqual(['a', 'b']);
    expect(await admin.listTopics()).not.toContain('round-tripp');
    await admin.disconnect();
  });
});

describe('QuestDB', () => {
  test('takes rows for tables and columns that exist, and makes none by a typo', async () => {
    await questdb(
      'CREATE TABLE round_trip (ts TIMESTAMP, x DOUBLE) TIMESTAMP(ts) PARTITION BY DAY',
    );
    const written = await writeLine('round_trip x=1.5 1398902400123456\n');
    expect(written.status).toBe(204);
    await expect
      .poll(() => questdb('SELECT ts, x FROM round_trip'))
      .toEqual([['2014-05-01T00:00:00.123456Z', 1.5]]);
    expect((await writeLine('round_tripp x=1 1398902400123456\n')).status).toBe(400);
    expect((await writeLine('round_trip y=1 1398902400123456\n')).status).toBe(400);
    const columns = await questdb('SHOW COLUMNS FROM round_trip');
    expect(columns.map((row) => row[0])).toEqual(['ts', 'x']);
  });

  test("answers over PostgreSQL's protocol too", async () => {
    const client = new Client({ connectionString: config.questdbPgUrl });
    await client.connect();
    expect((await client.query('SELECT 7::int AS n')).rows).toEqual([{ n: 7 }]);
    await client.end();
  });
});

test('PostgreSQL has the configured user and database, in UTC and sorted by code point', async () => {
  const rows = await postgres(async (client) => {
    await client.query('CREATE TABLE round_trip (x TEXT)');
    await client.query("INSERT INTO round_trip VALUES ('b'), ('B'), ('ä'), ('a')");
    const sorted = await client.query<{ all: string }>(
      "SELECT string_agg(x, '' ORDER BY x) AS all, current_user AS who, " +
        "current_database() AS db, current_setting('timezone') AS zone FROM round_trip",
    );
    return sorted.rows;
  });
  expect(rows).toEqual([{ all: 'Babä', who: 'tickloom', db: 'tickloom', zone: 'UTC' }]);
});

test('Redis keeps jobs on disk and refuses when it is full', async () => {
  const redis = new Redis(config.redisUrl);
  expect(await redis.ping()).toBe('PONG');
  const setting = async (name: string): Promise<unknown> =>
    ((await redis.config('GET', name)) as string[])[1];
  expect(await setting('appendonly')).toBe('yes');
  expect(await setting('maxmemory-policy')).toBe('noeviction');
  await redis.set('round-trip', 'kept');
  redis.disconnect();
});

describe('after a fault', () => {
  test('a start takes over what is healthy and starts again what was killed, with its data', async () => {
    const [kafkaPid, redisPid] = [await readPid('kafka'), await readPid('redis')];
    for (const name of ['kafka', 'postgres'] as const) process.kill(await readPid(name), 'SIGKILL');
    await expect.poll(async () => (await readStatus('kafka')).state).toBe('stopped');
    await start();
    const started = logged.filter((line) => line.includes('ready on')).join('\n');
    expect(started).toMatch(/kafka: ready/);
    expect(started).toMatch(/postgres: ready/);
    expect(logged.filter((line) => line.includes('already running'))).toHaveLength(2);
    expect(await readPid('kafka')).not.toBe(kafkaPid);
    expect(await readPid('redis')).toBe(redisPid);
    const count = await postgres((client) =>
      client.query('SELECT count(*)::int n FROM round_trip'),
    );
    expect(count.rows).toEqual([{ n: 4 }]);
    const offsets = async (): Promise<unknown> => {
      const admin = kafka().admin();
      await admin.connect();
      try {
        return (await admin.fetchTopicOffsets('round-trip')).map(({ high }) => high);
      } finally {
        await admin.disconnect();
      }
    };
    expect(await offsets()).toEqual(['2']);
  });

  test('a server that hangs is ended and started again', async () => {
    const pid = await readPid('redis');
    process.kill(pid, 'SIGSTOP');
    await start();
    expect(logged).toContainEqual(expect.stringMatching(/^redis: killed what an earlier run/));
    expect(await readPid('redis')).not.toBe(pid);
    const redis = new Redis(config.redisUrl);
    expect(await redis.get('round-trip')).toBe('kept');
    redis.disconnect();
  });

  test('one server alone can be stopped and started', async () => {
    await stopServer(config, 'redis');
    expect(await readStatus('redis')).toMatchObject({ state: 'stopped', ready: false });
    expect((await readStatus('kafka')).ready).toBe(true);
    await startServer(config, 'redis');
    expect(await readStatus('redis')).toMatchObject({ state: 'running', ready: true });
  });

  test('each of the four is started again on its data when it is killed', async () => {
    await stack.stop();
    const exits: string[] = [];
    logged.length = 0;
    stack = await startStack(config, {
      onExit: (_, message) => exits.push(message),
      onProgress: (line) => logged.push(line),
    });
    await postgres((client) => client.query('CREATE TABLE kept AS SELECT 1 AS n'));
    for (const name of ['redis', 'postgres', 'questdb', 'kafka'] as const) {
      const pid = await readPid(name);
      process.kill(pid, 'SIGKILL');
      const isBack = async () => {
        const { ready, pid: now } = await readStatus(name);
        return ready && now !== null && now !== pid;
      };
      await expect.poll(isBack, { timeout: 90_000, interval: 500 }).toBe(true);
    }
    expect(exits).toEqual([]);
    expect(logged.filter((line) => line.endsWith('starting it again in 0.5 s'))).toHaveLength(4);
    const { rows } = await postgres((client) => client.query('SELECT n FROM kept'));
    expect(rows).toEqual([{ n: 1 }]);
    await stack.stop();
    await start();
  });
});

describe('what is not ours', () => {
  test('a process that has got a recorded id is left alone', async () => {
    const file = recordFile(config.dataDir, 'redis');
    const record = must(readRecord(file), 'redis is recorded');
    const stranger: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const pid = must(stranger.pid, 'it has started');
    writeRecord(file, { ...record, pid });
    await stopServer(config, 'redis');
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
    expect(isRunning(record)).toBe(true);
    stranger.kill('SIGKILL');
    writeRecord(file, record);
  });

  test('another tickloom keeps its servers: `stack down` and `stack up` are refused', async () => {
    const cli = join(PROJECT_DIR, 'infra', 'bin', 'tickloom.mjs');
    for (const verb of ['down', 'reset', 'up']) {
      const { code, output } = await runProgram(process.execPath, [cli, 'stack', verb], {
        env: childEnv(config),
      });
      expect(output).toContain(`already runs with the data directory ${config.dataDir}`);
      expect(output).toContain(`(process ${process.pid})`);
      expect(code).toBe(1);
    }
    expect((await stackStatus(config)).every((server) => server.ready)).toBe(true);
  });

  test('a port of somebody else is named, and nothing stays behind', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, '127.0.0.1', resolve);
    });
    const { port } = holder.address() as AddressInfo;
    const other = await stackEnv();
    const wanted = loadConfig({ ...other, TICKLOOM_REDIS_URL: `redis://127.0.0.1:${port}` });
    await expect(startStack(wanted)).rejects.toThrow(
      new RegExp(`port ${port} for redis is taken by .*TICKLOOM_REDIS_URL`),
    );
    holder.close();
    const states = (await stackStatus(wanted)).map(({ state }) => state);
    expect(states).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
    rmSync(wanted.dataDir, { recursive: true });
  });
});

describe('a stop', () => {
  test('leaves no process, no record and no port in use', async () => {
    expect(ours().length).toBeGreaterThan(3);
    const before = await stackStatus(config);
    await stack.stop();
    await stack.stop();
    await stopStack(config);
    expect(ours()).toEqual([]);
    const ports = before.flatMap(({ addresses }) => addresses.map((it) => it.split(':')));
    for (const [host = '', port] of ports) expect(await portProblem(host, Number(port))).toBe(null);
    expect(readdirSync(join(config.dataDir, 'run'))).toEqual([]);
  });

  test('that comes while the servers start ends them too', async () => {
    const controller = new AbortController();
    const starting = startStack(config, { signal: controller.signal });
    await expect.poll(() => ours().length, { timeout: 10_000 }).toBeGreaterThan(1);
    controller.abort();
    await expect(starting).rejects.toThrow('interrupted');
    expect(ours()).toEqual([]);
    expect(readdirSync(join(config.dataDir, 'run'))).toEqual([]);
  });

  test('of the servers and their data keeps the programs', async () => {
    await resetStack(config);
    expect(readdirSync(config.dataDir).toSorted()).toEqual(['.tickloom-data', 'exports']);
    expect(existsSync(config.artefactsDir)).toBe(true);
  });
});
