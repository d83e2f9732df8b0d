/**
 * Servers that are not ours: TLS with an authority of their own and SASL are settings, and what is
 * not trusted or not known is refused. And our own Kafka, closed by its setting.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { artefactsPath } from '../../infra/local/artefacts.ts';
import { makeCredentials } from '../../infra/local/credentials.ts';
import { openDataDir } from '../../infra/local/data-dir.ts';
import { runProgram } from '../../infra/local/run-program.ts';
import { resetStack, startServer } from '../../infra/local/stack.ts';
import { kafkaConfig, withAdmin } from '../../src/kafka/kafka.ts';
import { Kafka as KafkaClient, logLevel } from '../../src/kafka/kafkajs.ts';
import { openPostgres } from '../../src/postgres/postgres.ts';
import { QuestDbWriter } from '../../src/questdb/writer.ts';
import { queryQuestDb } from '../../src/questdb/http.ts';
import { openRedis } from '../../src/queue/redis.ts';
import { sleep } from '../../src/clock.ts';
import { loadConfig, type Config } from '../../src/config/config.ts';
import { ticks } from '../../src/questdb/tables/ticks.ts';
import { freePorts, stackEnv } from '../support/stack.ts';
import { makeCertificates, tlsBefore, type Certificates, type TlsWay } from '../support/tls.ts';

const ours = loadConfig();
let certificates: Certificates;
const ways: TlsWay[] = [];

beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => {
  for (const way of ways) way.close();
  rmSync(certificates.dir, { recursive: true });
});

/** The URL of one of ours, behind TLS. */
async function secured(url: string, protocol: string, options = {}): Promise<string> {
  const { port } = new URL(url);
  const way = await tlsBefore(Number(port), certificates, options);
  ways.push(way);
  return url.replace(/^\w+:/, `${protocol}:`).replace(`:${port}`, `:${way.port}`);
}

const makeConfig = (env: Record<string, string>, { trusting = true } = {}): Config =>
  loadConfig({
    TICKLOOM_DATA_DIR: ours.dataDir,
    ...env,
    ...(trusting ? { TICKLOOM_TLS_CA: certificates.ca } : {}),
  });
const UNTRUSTED = /certificate|self-signed|unable to verify/i;

test('PostgreSQL by sslmode=verify-full, with the authority of the setting', async () => {
  const url = await secured(ours.postgresUrl, 'postgres', { postgres: true });
  const env = { TICKLOOM_POSTGRES_URL: `${url}?sslmode=verify-full` };
  const ask = async (config: Config): Promise<unknown> => {
    const pool = openPostgres(config.postgresUrl);
    try {
      return (await pool.query('SELECT current_user AS who')).rows;
    } finally {
      await pool.end();
    }
  };
  expect(await ask(makeConfig(env))).toEqual([{ who: 'tickloom' }]);
  await expect(ask(makeConfig(env, { trusting: false }))).rejects.toThrow(UNTRUSTED);
});

test('Redis by rediss:', async () => {
  const env = { TICKLOOM_REDIS_URL: await secured(ours.redisUrl, 'rediss') };
  const ping = async (config: Config): Promise<string> => {
    const redis = openRedis(config, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    const trouble = once(redis, 'error').then(([error]) => Promise.reject(error as Error));
    try {
      return await Promise.race([redis.ping(), trouble]);
    } finally {
      trouble.catch(() => undefined);
      redis.disconnect();
    }
  };
  expect(await ping(makeConfig(env))).toBe('PONG');
  await expect(ping(makeConfig(env, { trusting: false }))).rejects.toThrow(UNTRUSTED);
});

test('QuestDB by https:, for SQL and for rows', async () => {
  const env = { TICKLOOM_QUESTDB_URL: await secured(ours.questdbUrl, 'https') };
  const { questdbUrl, tlsCa } = makeConfig(env);
  const { status } = await queryQuestDb(questdbUrl, '/exec?query=select+1', { ca: tlsCa });
  expect(status).toBe(200);
  await expect(queryQuestDb(questdbUrl, '/exec?query=select+1')).rejects.toThrow(UNTRUSTED);
  const row = { venue: 'tls', symbol: 'X', id: '1', price: 1, size: 1, side: null };
  const write = async (ca: string | null): Promise<unknown[]> => {
    const writer = new QuestDbWriter({ url: questdbUrl, ca, patienceMs: 0 });
    try {
      return await writer.write(ticks, [{ ...row, ts: 1, known_at: 1 }]);
    } finally {
      writer.close();
    }
  };
  expect(await write(tlsCa)).toEqual([]);
  await expect(write(null)).rejects.toThrow(UNTRUSTED);
});

const listTopics = (kafka: Kafka): Promise<string[]> =>
  withAdmin(kafka, (admin) => admin.listTopics());

/** With the settings of ours, and without their patience for servers that come back. */
const impatient = ({ kafka }: Pick<Config, 'kafka'>): Kafka =>
  new KafkaClient({
    ...kafkaConfig(kafka),
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });

describe('Kafka elsewhere', () => {
  let broker: ChildProcess;
  let env: Record<string, string>;

  beforeAll(async () => {
    const [port = 0, controller = 0] = await freePorts(2);
    broker = await startBroker(certificates, port, controller);
    env = { TICKLOOM_KAFKA_BROKERS: `127.0.0.1:${port}`, TICKLOOM_KAFKA_TLS: 'on' };
    const sasl = login('scram-sha-512', 'them', 'their-password');
    const ready = impatient(makeConfig({ ...env, ...sasl }));
    for (let tries = 0; ; tries++) {
      const trouble = await listTopics(ready).then(() => null, String);
      if (trouble === null) break;
      if (tries > 150) throw new Error(`the broker does not answer: ${trouble}`);
      await sleep(500);
    }
  }, 120_000);
  afterAll(async () => {
    const ended = once(broker, 'exit');
    broker.kill('SIGKILL');
    await ended;
  });
  const login = (mechanism: string, user: string, password: string): Record<string, string> => ({
    TICKLOOM_KAFKA_SASL: mechanism,
    TICKLOOM_KAFKA_USER: user,
    TICKLOOM_KAFKA_PASSWORD: password,
  });

  test.each([
    ['scram-sha-512', 'them', 'their-password'],
    ['plain', 'us', 'our-password'],
  ])('by TLS and %s, and not with another password', async (mechanism, user, password) => {
    const right = makeConfig({ ...env, ...login(mechanism, user, password) });
    expect(await listTopics(impatient(right))).toEqual([]);
    const wrong = makeConfig({ ...env, ...login(mechanism, user, `${password}x`) });
    await expect(listTopics(impatient(wrong))).rejects.toThrow(/SASL|authentication/i);
  });

  test('not without the authority', async () => {
    const sasl = login('plain', 'us', 'our-password');
    const config = makeConfig({ ...env, ...sasl }, { trusting: false });
    await expect(listTopics(impatient(config))).rejects.toThrow(UNTRUSTED);
  });
});

/** A broker with TLS and SASL on one listener. */
async function startBroker(
  { dir, key, cert }: Certificates,
  port: number,
  controller: number,
): Promise<ChildProcess> {
  const jars = join(artefactsPath(ours), 'jars');
  const path = readdirSync(jars).map((jar) => join(jars, jar));
  const home = join(dir, 'kafka');
  mkdirSync(home);
  writeFileSync(
    join(home, 'server.pem'),
    `${readFileSync(key, 'utf8')}${readFileSync(cert, 'utf8')}`,
  );
  const module = 'org.apache.kafka.common.security';
  const file = join(home, 'server.properties');
  writeFileSync(
    file,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
listener.security.protocol.map=CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
log.dirs=${join(home, 'data')}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
ssl.keystore.type=PEM
ssl.keystore.location=${join(home, 'server.pem')}
ssl.truststore.type=PEM
ssl.truststore.location=${join(dir, 'ca.pem')}
offsets.topic.replication.factor=1
listener.name.client.plain.sasl.jaas.config=${module}.plain.PlainLoginModule required \\
  username="us" password="our-password" user_us="our-password";
listener.name.client.scram-sha-512.sasl.jaas.config=${module}.scram.ScramLoginModule required;
`,
  );
  const scram = 'SCRAM-SHA-512=[name=them,password=their-password]';
  const tool = ['kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '-c', file];
  const classpath = ['-cp', path.join(delimiter)];
  const { code, output } = await runProgram('java', [...classpath, ...tool, '--add-scram', scram]);
  if (code !== 0) throw new Error(output);
  return spawn('java', ['-Xmx256m', ...classpath, 'kafka.Kafka', file], { stdio: 'ignore' });
}

describe('our own Kafka, closed by its setting', () => {
  let config: Config;
  beforeAll(async () => {
    config = loadConfig({ ...(await stackEnv()), TICKLOOM_KAFKA_SASL: 'plain' });
    openDataDir(config.dataDir);
    makeCredentials(config);
    await startServer(config, 'kafka');
  }, 120_000);
  afterAll(async () => {
    await resetStack(config);
    rmSync(config.dataDir, { recursive: true });
  });

  test('is entered with the credentials, and by nobody else at either port', async () => {
    expect(await listTopics(impatient(config))).toEqual([]);
    const [broker = ''] = config.kafkaBrokers;
    const controller = broker.replace(/\d+$/, (port) => String(Number(port) + 1));
    for (const place of [broker, controller]) {
      const open = { brokers: [place], sasl: null, tls: false, ca: null };
      const kafka = impatient({ ...config, kafka: open });
      await expect(listTopics(kafka)).rejects.toThrow();
      const wrong = { mechanism: 'plain', username: 'tickloom', password: 'x' } as const;
      const other = impatient({ ...config, kafka: { ...open, sasl: wrong } });
      await expect(listTopics(other)).rejects.toThrow(/SASL|authentication/i);
    }
  });

  test('says what it cannot be asked for', async () => {
    const env = await stackEnv();
    for (const [settings, advice] of [
      [{ TICKLOOM_KAFKA_SASL: 'scram-sha-256' }, /set TICKLOOM_KAFKA_SASL to plain/],
      [{ TICKLOOM_KAFKA_TLS: 'on' }, /leave TICKLOOM_KAFKA_TLS out/],
    ] as const) {
      const other = loadConfig({ ...env, ...settings });
      openDataDir(other.dataDir);
      makeCredentials(other);
      await expect(startServer(other, 'kafka')).rejects.toThrow(advice);
    }
    rmSync(env['TICKLOOM_DATA_DIR'] ?? '', { recursive: true });
  });
});
