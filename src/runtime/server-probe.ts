/**
 * Settings -> whether a server is there, within seconds: for commands, which must say at once what
 * is away, and what to do, instead of waiting for better days as stages do.
 */
import { connect } from 'node:net';
import pg from 'pg';
import { sleep } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { kafkaConfig, withAdmin } from '../kafka/kafka.ts';
import { Kafka, logLevel } from '../kafka/kafkajs.ts';
import { queryQuestDb } from '../questdb/http.ts';
import { redisFinding } from '../queue/redis-health.ts';

export const SERVERS = ['kafka', 'questdb', 'questdbHttp', 'postgres', 'redis'] as const;
export type ServerName = (typeof SERVERS)[number];

/** How long a server may be silent before it is mentioned, and before it counts as away. */
export const SLOW_MS = 3_500;
export const SILENT_MS = 30_000;

/** A server that a command needs; the message says which, where, why and what to do. */
export class ServerAway extends Error {
  readonly server: ServerName;

  constructor(server: ServerName, message: string) {
    super(message);
    this.name = 'ServerAway';
    this.server = server;
  }
}

interface Known {
  readonly title: string;
  readonly setting: string;
  /** `host:port`, one of which has to take connections. */
  readonly addresses: (config: Config) => readonly string[];
  /** Resolves once it has answered, whatever the answer is. */
  readonly hello: (config: Config) => Promise<unknown>;
  /** Whether it may be silent because all its workers are at long queries, perhaps our own. */
  readonly isBusyAtTimes?: true;
}

const hostAndPort = (url: string): string[] => {
  const { hostname, port, protocol } = new URL(url);
  return [`${hostname}:${port || (DEFAULT_PORTS[protocol] ?? '')}`];
};

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'postgres:': '5432',
  'postgresql:': '5432',
  'redis:': '6379',
  'rediss:': '6379',
};

const KNOWN: Readonly<Record<ServerName, Known>> = {
  kafka: {
    title: 'Kafka',
    setting: 'TICKLOOM_KAFKA_BROKERS',
    addresses: ({ given }) => given.kafkaBrokers,
    hello: helloKafka,
  },
  questdb: {
    title: 'QuestDB (SQL)',
    setting: 'TICKLOOM_QUESTDB_PG_URL',
    addresses: ({ given }) => hostAndPort(given.questdbPgUrl),
    hello: ({ questdbPgUrl }) => helloPg(questdbPgUrl),
    isBusyAtTimes: true,
  },
  questdbHttp: {
    title: 'QuestDB (HTTP)',
    setting: 'TICKLOOM_QUESTDB_URL',
    addresses: ({ given }) => hostAndPort(given.questdbUrl),
    hello: ({ questdbUrl, tlsCa }) =>
      queryQuestDb(questdbUrl, '/exec?query=select+1', { timeoutMs: SILENT_MS, ca: tlsCa }),
    isBusyAtTimes: true,
  },
  postgres: {
    title: 'PostgreSQL',
    setting: 'TICKLOOM_POSTGRES_URL',
    addresses: ({ given }) => hostAndPort(given.postgresUrl),
    hello: ({ postgresUrl }) => helloPg(postgresUrl),
  },
  redis: {
    title: 'Redis',
    setting: 'TICKLOOM_REDIS_URL',
    addresses: ({ given }) => hostAndPort(given.redisUrl),
    hello: (config) => redisFinding(config),
  },
};

async function helloKafka({ kafka }: Config): Promise<void> {
  const client = new Kafka({
    ...kafkaConfig(kafka),
    clientId: 'tickloom-probe',
    connectionTimeout: SILENT_MS,
    requestTimeout: SILENT_MS,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
  await withAdmin(client, (admin) => admin.describeCluster());
}

async function helloPg(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: SILENT_MS });
  client.on('error', () => undefined);
  await client.connect();
  await client.end();
}

/**
 * Resolves once the server has answered, be it by a refusal: what works with it says that better.
 * Rejects with `ServerAway` at once where nothing takes connections, and after `SILENT_MS` without
 * a word from one that is never that busy; `onSlow` is called after `SLOW_MS`.
 */
export async function probe(
  config: Config,
  server: ServerName,
  onSlow: (line: string) => void = () => undefined,
): Promise<void> {
  const { addresses, hello, isBusyAtTimes } = KNOWN[server];
  const where = describeServer(config, server);
  const unreached = await unreachable(addresses(config));
  if (unreached !== null) {
    throw new ServerAway(server, `${where} is away (${unreached}). ${advice(config, server)}`);
  }
  const silent = (): Error =>
    new ServerAway(
      server,
      `${where} takes connections and says nothing for ${SILENT_MS / 1000} s. ` +
        advice(config, server),
    );
  await answered(hello(config), {
    onSlow: () => onSlow(`${where} takes connections and says nothing: waiting for it`),
    silent: isBusyAtTimes === true ? null : silent,
  });
}

const describeServer = (config: Config, server: ServerName): string =>
  `${KNOWN[server].title} at ${KNOWN[server].addresses(config).join(', ')}`;

const advice = (config: Config, server: ServerName): string =>
  `Start the servers (npm start, or tickloom stack up), or set ${KNOWN[server].setting}; ` +
  `tickloom stack status looks at those of ${config.dataDir}`;

async function answered(
  hello: Promise<unknown>,
  { onSlow, silent }: { onSlow: () => void; silent: (() => Error) | null },
): Promise<void> {
  const timers: NodeJS.Timeout[] = [];
  const late = new Promise<never>((_resolve, reject) => {
    timers.push(setTimeout(onSlow, SLOW_MS));
    if (silent !== null) timers.push(setTimeout(() => reject(silent()), SILENT_MS));
  });
  const greeted = hello.catch(() => undefined);
  await Promise.race([greeted, late]).finally(() => timers.forEach(clearTimeout));
}

/** Why none of the addresses takes a connection; null: one does. */
async function unreachable(addresses: readonly string[]): Promise<string | null> {
  const reasons = await Promise.all(addresses.map(refusal));
  return reasons.every((reason) => reason !== null) ? reasons.join(', ') : null;
}

function refusal(address: string): Promise<string | null> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) });
  socket.setTimeout(SLOW_MS);
  return new Promise<string | null>((resolve) => {
    socket.on('connect', () => resolve(null));
    socket.on('timeout', () => resolve('ETIMEDOUT'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  }).finally(() => socket.destroy());
}

/** Which servers are away now, and what to report of each; all are probed at once. */
export async function awayServers(config: Config): Promise<Map<ServerName, string>> {
  const away = new Map<ServerName, string>();
  await Promise.all(
    SERVERS.map(async (server) => {
      try {
        await Promise.race([probe(config, server), silence(config, server)]);
      } catch (error) {
        away.set(server, (error as Error).message);
      }
    }),
  );
  return away;
}

async function silence(config: Config, server: ServerName): Promise<never> {
  await sleep(SLOW_MS);
  throw new Error(
    `${describeServer(config, server)} takes connections and says nothing: see its log`,
  );
}
