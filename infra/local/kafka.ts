/**
 * Kafka for one machine: broker and controller in one process, loopback only, where a first tick
 * needs no password unless `TICKLOOM_KAFKA_SASL` is `plain`. Promise: no topic appears by a typo,
 * nothing is deleted by age, and a batch is stored as its producer packed it.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { kafkaConfig } from '../../src/kafka/kafka.ts';
import { must } from '../../src/assert.ts';
import type { Config } from '../../src/config/config.ts';
import type { KafkaAccess, KafkaSasl } from '../../src/config/server-access.ts';
import { privateDir, serverDir } from './data-dir.ts';
import { parseEndpoint, isLoopback } from './ports.ts';
import { lastLines, runProgram } from './run-program.ts';
import type { LocalServer, Programs } from './server.ts';
import { StackError } from './stack-error.ts';

const HEAP = ['-Xms256m', '-Xmx768m', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=50'];
const LOGGING = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
];

/** Whoever knows the password may do everything; the controller's port requires it too. */
function closedBy({ username, password }: KafkaSasl): string {
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const login = `username="${username}" password="${password}" user_${username}="${password}"`;
  const listeners = ['plaintext', 'controller'].map(
    (name) => `listener.name.${name}.plain.sasl.jaas.config=${module} required ${login};`,
  );
  return `sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
${listeners.join('\n')}
`;
}

/** What the local broker can be configured to. Throws `StackError` for what only a cluster has. */
function localSasl({ sasl, tls }: KafkaAccess): KafkaSasl | null {
  const only = 'the Kafka that tickloom starts on this machine';
  if (tls) throw new StackError(`${only} speaks no TLS: leave TICKLOOM_KAFKA_TLS out`);
  if (sasl === null) return null;
  if (sasl.mechanism !== 'plain') {
    throw new StackError(`${only} knows SASL by plain alone: set TICKLOOM_KAFKA_SASL to plain`);
  }
  if (/^[\w-]+$/.test(sasl.username) && /^[\w.~+=-]+$/.test(sasl.password)) return sasl;
  throw new StackError(`${only} takes user and password of letters, digits and -_ alone`);
}

/** The broker's settings; each that differs from Kafka's own says why. */
function properties(host: string, port: number, logs: string, sasl: KafkaSasl | null): string {
  const protocol = sasl === null ? 'PLAINTEXT' : 'SASL_PLAINTEXT';
  return `# Written at every start; changes here are lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${host}:${port + 1}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://${host}:${port},CONTROLLER://${host}:${port + 1}
advertised.listeners=PLAINTEXT://${host}:${port}
listener.security.protocol.map=PLAINTEXT:${protocol},CONTROLLER:${protocol}
inter.broker.listener.name=PLAINTEXT
${sasl === null ? '' : closedBy(sasl)}log.dirs=${logs}
# A typo must not make a topic.
auto.create.topics.enable=false
# Records of 2014 and of a clock that runs ahead are stored: the consumer judges them.
log.retention.ms=-1
log.message.timestamp.after.max.ms=9223372036854775807
log.message.timestamp.before.max.ms=9223372036854775807
message.max.bytes=1048588
# One machine, one copy.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
default.replication.factor=1
min.insync.replicas=1
unclean.leader.election.enable=false
# A stage that was away for long still finds its place.
offsets.retention.minutes=525600
# Waiting for more members at the start pays on a cluster only.
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
`;
}

async function format(programs: Programs, config: string, logs: string): Promise<void> {
  if (existsSync(join(logs, 'meta.properties'))) return;
  const id = randomBytes(16);
  // With its highest bit clear it cannot begin with a dash, which the tool takes for an option.
  id[0] = (id[0] ?? 0) & 0x7f;
  const clusterId = id.toString('base64url');
  const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config];
  const { code, output } = await runProgram('java', [
    '-Xshare:auto',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    programs.kafkaJars.join(delimiter),
    ...tool,
  ]);
  if (code !== 0) throw new StackError(`Kafka could not format ${logs}:\n${lastLines(output)}`);
}

async function answers(access: KafkaAccess): Promise<void> {
  const kafka = new Kafka({
    ...kafkaConfig(access),
    clientId: 'tickloom-stack',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 3000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length === 0) throw new Error('no broker has registered yet');
  } finally {
    await admin.disconnect();
  }
}

/** Kafka as `config` wants it. */
export function kafkaServer(config: Config): LocalServer {
  const setting = 'TICKLOOM_KAFKA_BROKERS';
  const broker = must(config.kafkaBrokers[0], 'the configuration names a broker');
  const endpoint = parseEndpoint(broker, setting, 9092);
  const controller = { ...endpoint, port: endpoint.port + 1 };
  const dir = serverDir(config.dataDir, 'kafka');
  const file = join(dir, 'server.properties');
  const logs = join(dir, 'data');
  // Not before they are needed: a server without credentials can still be stopped and cleared.
  const settings = (): string => {
    const sasl = isLoopback(endpoint.host) ? localSasl(config.kafka) : null;
    return properties(endpoint.host, endpoint.port, logs, sasl);
  };
  return {
    name: 'kafka',
    endpoints: [endpoint, controller],
    get settings() {
      return settings();
    },
    stopSignal: 'SIGTERM',
    prepare: async (programs) => {
      privateDir(dir);
      writeFileSync(file, settings(), { mode: 0o600 });
      chmodSync(file, 0o600);
      await format(programs, file, logs);
    },
    command: (programs) => ({
      file: 'java',
      args: [...HEAP, ...LOGGING, '-cp', programs.kafkaJars.join(delimiter), 'kafka.Kafka', file],
      cwd: dir,
    }),
    ready: () => answers({ ...config.kafka, brokers: [broker] }),
  };
}
