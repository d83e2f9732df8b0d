/**
 * The configuration, declared once: environment in, one frozen typed object out. `--help`,
 * `docs/settings.md` and the errors come from the same declaration. This is the only reader of
 * `process.env`. Promise: everything wrong is reported in one `ConfigError`, and no message
 * repeats a password.
 */
import { join } from 'node:path';
import { parseDurationUs } from '../domain/time.ts';
import { PROJECT_DIR } from '../code-files.ts';
import { givenServers, withAccess, type GivenServers, type ServerAccess } from './server-access.ts';
import * as types from './setting-types.ts';

/** The exit code of a command whose configuration is wrong (`EX_CONFIG` of sysexits). */
export const CONFIG_EXIT_CODE = 78;

/** All that is wrong with the settings, one problem per line; callers exit with code 78. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  readonly exitCode = CONFIG_EXIT_CODE;

  constructor(problems: readonly string[]) {
    super(`wrong configuration:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** One setting as `--help` and `docs/settings.md` show it. */
export interface Setting {
  readonly env: string;
  readonly type: string;
  /** As text; null when there is none. */
  readonly default: string | null;
  readonly description: string;
}

interface Declared<T> extends Setting {
  readonly parse: (text: string) => T;
  readonly format: (value: unknown) => string;
}

const typed = <T>({ name, parse, format = String }: types.SettingType<T>) => ({
  type: name,
  parse,
  format: (value: unknown) => format(value as T),
});

function setting<T>(
  env: string,
  type: types.SettingType<T>,
  fallback: string,
  description: string,
): Declared<T> {
  return { ...typed(type), env, default: fallback, description };
}

function optional<T>(
  env: string,
  type: types.SettingType<T>,
  description: string,
): Declared<T | null> {
  return { ...typed(type), env, default: null, description };
}

const DECLARED = {
  dataDir: setting(
    'TICKLOOM_DATA_DIR',
    types.directory,
    '.tickloom',
    "servers' data, logs, artefacts and exports; the default lies in the project",
  ),
  artefactsDir: optional(
    'TICKLOOM_ARTEFACTS_DIR',
    types.directory,
    'server programs and LightGBM, fetched by Maven (`artefacts` in the data directory)',
  ),
  kafkaBrokers: setting(
    'TICKLOOM_KAFKA_BROKERS',
    types.brokers,
    '127.0.0.1:19092',
    'Kafka; the local stack also uses the port after it',
  ),
  kafkaSasl: setting(
    'TICKLOOM_KAFKA_SASL',
    types.oneOf(['off', 'plain', 'scram-sha-256', 'scram-sha-512']),
    'off',
    'how Kafka authenticates its clients; plain closes the local one too',
  ),
  kafkaUser: optional(
    'TICKLOOM_KAFKA_USER',
    types.text,
    'user for it; default: that of the credentials',
  ),
  kafkaPassword: optional('TICKLOOM_KAFKA_PASSWORD', types.password, "that user's password"),
  kafkaTls: setting('TICKLOOM_KAFKA_TLS', types.oneOf(['off', 'on']), 'off', 'Kafka speaks TLS'),
  tlsCa: optional(
    'TICKLOOM_TLS_CA',
    types.certificates,
    'a file of certificates (PEM) whose servers are trusted: with TICKLOOM_KAFKA_TLS, https:, ' +
      'rediss: and ?sslmode=verify-full',
  ),
  questdbUrl: setting(
    'TICKLOOM_QUESTDB_URL',
    types.url('http', 'https'),
    'http://127.0.0.1:19000',
    'QuestDB over HTTP: rows in, and SQL',
  ),
  questdbPgUrl: setting(
    'TICKLOOM_QUESTDB_PG_URL',
    types.url('postgres', 'postgresql'),
    'postgres://127.0.0.1:18812/qdb',
    "QuestDB over PostgreSQL's protocol: SQL",
  ),
  postgresUrl: setting(
    'TICKLOOM_POSTGRES_URL',
    types.url('postgres', 'postgresql'),
    'postgres://tickloom@127.0.0.1:15432/tickloom',
    'PostgreSQL',
  ),
  redisUrl: setting(
    'TICKLOOM_REDIS_URL',
    types.url('redis', 'rediss'),
    'redis://127.0.0.1:16379',
    'Redis, for the job queues',
  ),
  httpPort: setting('TICKLOOM_HTTP_PORT', types.integer(1, 65_535), '8088', 'API and web page'),
  httpHost: setting(
    'TICKLOOM_HTTP_HOST',
    types.host,
    '127.0.0.1',
    'address that the API and the web page listen on; other than loopback, all reading needs tokens',
  ),
  httpTlsCert: optional('TICKLOOM_HTTP_TLS_CERT', types.file, 'its certificate, PEM: then HTTPS'),
  httpTlsKey: optional('TICKLOOM_HTTP_TLS_KEY', types.file, 'the key of that certificate, PEM'),
  httpInsecure: setting(
    'TICKLOOM_HTTP_INSECURE',
    types.oneOf(['true', 'false']),
    'false',
    'true: listen beyond loopback without TLS, in a network of yours alone or behind a proxy',
  ),
  topicPrefix: setting(
    'TICKLOOM_TOPIC_PREFIX',
    types.topicPrefix,
    '',
    'put before every topic name',
  ),
  partitions: setting(
    'TICKLOOM_PARTITIONS',
    types.integer(1, 1000),
    '4',
    'partitions of the topics that are made',
  ),
  latenessUs: setting(
    'TICKLOOM_LATENESS_MS',
    types.milliseconds(3_600_000),
    '2000',
    'how far behind its newest a tick still counts, unless the venue says otherwise',
  ),
  horizon: setting('TICKLOOM_HORIZON', types.duration, '1h', 'how far ahead predictions look'),
  labels: optional(
    'TICKLOOM_LABELS',
    types.labelSpecs,
    'more labels of every decision, such as return_1h@1,direction_15m@1,barrier_1h@1',
  ),
  retrainEvery: setting(
    'TICKLOOM_RETRAIN_EVERY',
    types.duration,
    '1d',
    'event time between two trainings',
  ),
  modelExpires: setting(
    'TICKLOOM_MODEL_EXPIRES',
    types.duration,
    '180d',
    'event time behind its training after which a model is trusted no more',
  ),
  trainPool: optional(
    'TICKLOOM_TRAIN_POOL',
    types.instruments,
    'instruments that are alike: a training of one tries the rows of the others too',
  ),
  trainSeeds: setting(
    'TICKLOOM_TRAIN_SEEDS',
    types.integer(1, 20),
    '1',
    'above 1 a training tries the mean of so many models with seeds of their own too',
  ),
  trainKinds: setting(
    'TICKLOOM_TRAIN_KINDS',
    types.someWithFirst(['gbdt', 'rf']),
    'gbdt',
    'kinds of model: with rf a training tries a random forest too, alone and beside boosted trees',
  ),
  targetWinRate: optional(
    'TICKLOOM_TARGET_WIN_RATE',
    types.share,
    'share of trades that are to win: an alert where a week, month or quarter of a market has fewer',
  ),
  outbox: setting(
    'TICKLOOM_OUTBOX',
    types.oneOf(['send', 'observe']),
    'send',
    'observe: control records are not sent but expected in a log that is fed from another run',
  ),
  sessionTimeoutMs: setting(
    'TICKLOOM_SESSION_TIMEOUT_MS',
    types.integer(6_000, 300_000),
    '30000',
    'silence after which a stage loses its partitions to another process',
  ),
  standstillMs: setting(
    'TICKLOOM_STANDSTILL_MS',
    types.integer(5_000, 3_600_000),
    '30000',
    'a partition that is behind and has not moved for so long stands still: /readyz says no',
  ),
  failAt: optional(
    'TICKLOOM_FAIL_AT',
    types.matching(
      'name:N',
      /^[\w.]+(:\d+)?$/,
      'the name of a fail point, and after how many records',
    ),
    'for tests: ends the process as kill -9 would, at the named place',
  ),
  orderLatencyUs: setting(
    'TICKLOOM_LATENCY_MS',
    types.milliseconds(60_000),
    '250',
    'from a decision to the moment at which its paper order takes effect',
  ),
  logLevel: setting('TICKLOOM_LOG_LEVEL', types.logLevels, 'info', 'what is logged'),
  controlKey: optional(
    'TICKLOOM_CONTROL_KEY',
    types.secrets,
    'signs control records (made at the first run, in a file of the data directory); others that ' +
      'verify behind it, with commas between',
  ),
} as const;

type Field = keyof typeof DECLARED;
type Value<F extends Field> = ReturnType<(typeof DECLARED)[F]['parse']>;
type Parsed = { readonly [F in Field]: Value<F> };

/**
 * Every setting, checked. Paths are absolute, durations in microseconds where the name says so. A
 * URL without a password has that of the installation's credentials from the moment they are made.
 */
export type Config = Omit<Parsed, 'artefactsDir' | keyof ServerAccess> &
  ServerAccess & {
    /** The servers as the settings name them: for what must not carry the credentials on. */
    readonly given: GivenServers;
    readonly artefactsDir: string;
    readonly horizonUs: number;
    /** What is predicted. */
    readonly labelSpec: string;
    /** By what decisions are graded besides. */
    readonly moreLabelSpecs: readonly string[];
    readonly retrainEveryUs: number;
    readonly modelExpiresUs: number;
    /** `TICKLOOM_*` variables that no setting has the name of: worth a warning, likely a typo. */
    readonly unknownSettings: readonly string[];
  };

export const SETTINGS: readonly Setting[] = Object.values(DECLARED).map(
  ({ env, type, default: fallback, description }) => ({
    env,
    type,
    default: fallback,
    description,
  }),
);

type Env = Readonly<Record<string, string | undefined>>;

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0']);

/** The local stack's controller listens on the port behind the broker's. */
function brokerPorts(broker: string): [string, string][] {
  const address = new URL(`tcp://${broker}`);
  const controller = `tcp://${address.hostname}:${Math.min(Number(address.port) + 1, 65_535)}`;
  const env = 'TICKLOOM_KAFKA_BROKERS';
  const ports: [string, string][] = [[env, address.href]];
  return LOOPBACK.has(address.hostname) ? [...ports, [`${env} (its port + 1)`, controller]] : ports;
}

/** Two settings with one port on this machine: one of the two servers could never start. */
function sharedPorts(parsed: Parsed): string[] {
  const places: [string, string][] = [
    ...parsed.kafkaBrokers.flatMap(brokerPorts),
    ['TICKLOOM_QUESTDB_URL', parsed.questdbUrl],
    ['TICKLOOM_QUESTDB_PG_URL', parsed.questdbPgUrl],
    ['TICKLOOM_POSTGRES_URL', parsed.postgresUrl],
    ['TICKLOOM_REDIS_URL', parsed.redisUrl],
    ['TICKLOOM_HTTP_PORT', `tcp://127.0.0.1:${parsed.httpPort}`],
  ];
  const owners = new Map<string, string>();
  return places.flatMap(([env, address]) => {
    const { hostname, port } = new URL(address);
    const owner = owners.get(port);
    if (!LOOPBACK.has(hostname) || port === '') return [];
    owners.set(port, owner ?? env);
    return owner === undefined ? [] : [`${env} has port ${port}, which ${owner} has too`];
  });
}

/** What may be shown of a setting's text: no secret, and no password inside a URL. */
function shown(declared: Setting, text: string): string {
  if (declared.type === 'secret') return 'not usable';
  return JSON.stringify(text.replace(/(\/\/[^:@/]*):[^@]*@/, '$1:***@'));
}

function parseAll(env: Env, problems: string[]): Parsed {
  const entries = Object.entries(DECLARED).map(([field, declared]: [string, Declared<unknown>]) => {
    const text = env[declared.env] || declared.default;
    if (text === null) return [field, null];
    try {
      return [field, declared.parse(text)];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(`${declared.env} is ${shown(declared, text)}: ${reason}`);
      return [field, null];
    }
  });
  return Object.fromEntries(entries) as Parsed;
}

/**
 * The configuration from `env`, with `overrides` (also by environment name, from flags or tests)
 * put over it. A variable set to the empty text counts as not set. Throws `ConfigError` with all
 * problems at once.
 */
export function loadConfig(env: Env = process.env, overrides: Env = {}): Config {
  const flags = Object.entries(overrides).filter(([, text]) => text !== undefined);
  const all: Env = { ...env, ...Object.fromEntries(flags) };
  const problems: string[] = [];
  const parsed = parseAll(all, problems);
  if (problems.length === 0) problems.push(...sharedPorts(parsed));
  if (problems.length > 0) throw new ConfigError(problems);
  const known = new Set(SETTINGS.map((declared) => declared.env));
  const atHome = !all['TICKLOOM_DATA_DIR'];
  const dataDir = atHome ? join(PROJECT_DIR, DECLARED.dataDir.default ?? '') : parsed.dataDir;
  const labelSpec = `direction_${parsed.horizon}@1`;
  const given = givenServers(parsed);
  const settings = {
    ...parsed,
    given,
    dataDir,
    artefactsDir: parsed.artefactsDir ?? join(dataDir, 'artefacts'),
    horizonUs: parseDurationUs(parsed.horizon),
    labelSpec,
    moreLabelSpecs: (parsed.labels ?? []).filter((spec) => spec !== labelSpec),
    retrainEveryUs: parseDurationUs(parsed.retrainEvery),
    modelExpiresUs: parseDurationUs(parsed.modelExpires),
    unknownSettings: Object.keys(all).filter((n) => n.startsWith('TICKLOOM_') && !known.has(n)),
  };
  return Object.freeze(withAccess(settings, given, dataDir));
}

/** All settings for `--help`: one paragraph each, name, default and what it means. */
export function configHelp(): string {
  return SETTINGS.map((declared) => {
    const fallback = declared.default === null ? 'not set' : declared.default || 'empty';
    const head = `${declared.env} (${declared.type}, default: ${fallback})`;
    return `  ${head}\n      ${declared.description}`;
  }).join('\n');
}

/**
 * The environment for a child process that must have the same configuration: the parent's, with
 * every setting of `config` written out, so that flags and defaults reach the child too.
 */
export function childEnv(config: Config, env: Env = process.env): Record<string, string> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const values: Readonly<Record<string, unknown>> = { ...config, ...config.given };
  const own = Object.entries(DECLARED).flatMap(([field, declared]: [string, Declared<unknown>]) => {
    const value = values[field] ?? null;
    return value === null ? [] : [[declared.env, declared.format(value)]];
  });
  return Object.fromEntries([...inherited, ...own]) as Record<string, string>;
}
