/**
 * Kafka Connect with QuestDB's sink: standalone, on loopback only, in one of the stated settings.
 *
 * `--connector DIR` holds the connector (its zip, or unpacked under `plugin`) and a pom.xml that
 * brings the Connect runtime, which Maven puts into `lib` the first time. Neither belongs to this
 * project: what is not there yet is made in a copy beside the given directory, or inside it where
 * it can be written.
 */
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { unzipSync } from 'fflate';
import { artefactsPath } from '../../infra/local/artefacts.ts';
import { must } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import { childEnv } from '../../src/config/config.ts';
import type { Bed } from '../faults/bed.ts';
import { freePorts } from '../support/stack.ts';
import { ended, type Started } from './server-bench.ts';

const UP_MS = 90_000;

/** What is configured differently from one variant to the next. */
export interface ConnectSettings {
  readonly name: string;
  readonly worker: Readonly<Record<string, string>>;
  readonly sink: Readonly<Record<string, string>>;
  /** Of the QuestDB client inside the connector. */
  readonly client: string;
}

export interface ConnectPrograms {
  /** Jars of the Connect runtime. */
  readonly lib: string;
  readonly plugin: string;
}

/** The runtime and the connector, fetched and unpacked where they are not yet. */
export function connectPrograms(given: string): ConnectPrograms {
  const dir = writable(resolve(given));
  const [lib, plugin] = [join(dir, 'lib'), join(dir, 'plugin')];
  if (!existsSync(plugin)) {
    const zip = must(
      readdirSync(dir).find((name) => name.endsWith('.zip')),
      `${given} holds the connector: its zip, or a directory "plugin"`,
    );
    for (const [name, bytes] of Object.entries(unzipSync(readFileSync(join(dir, zip))))) {
      if (!name.endsWith('.jar')) continue;
      mkdirSync(join(plugin, 'questdb'), { recursive: true });
      writeFileSync(join(plugin, 'questdb', must(name.split('/').at(-1))), bytes);
    }
  }
  if (!existsSync(lib)) {
    console.log('fetching the Connect runtime by Maven, once');
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${lib}`];
    execFileSync('mvn', ['-q', '-B', '-f', join(dir, 'pom.xml'), ...goal], { stdio: 'inherit' });
  }
  return { lib, plugin };
}

function writable(dir: string): string {
  const isWhole = existsSync(join(dir, 'lib')) && existsSync(join(dir, 'plugin'));
  if (isWhole) return dir;
  try {
    accessSync(dir, constants.W_OK);
    return dir;
  } catch {
    const copy = mkdtempSync(join(tmpdir(), 'tickloom-connect-'));
    for (const name of readdirSync(dir)) {
      const isNeeded = name === 'pom.xml' || name.endsWith('.zip');
      if (isNeeded) cpSync(join(dir, name), join(copy, name));
    }
    console.log(`${dir} cannot be written: the runtime goes to ${copy} (give that the next time)`);
    return copy;
  }
}

/** Resolves once the connector's tasks run; they begin at the beginning of the topic. */
export async function startConnect(
  bed: Bed,
  { lib, plugin }: ConnectPrograms,
  settings: ConnectSettings,
  run: { readonly name: string; readonly topic: string; readonly table: string },
): Promise<Started> {
  const dir = join(bed.config.dataDir, `connect-${run.name}`);
  mkdirSync(dir, { recursive: true });
  const [port = 0] = await freePorts(1);
  const worker = join(dir, 'worker.properties');
  const sink = join(dir, 'sink.properties');
  writeFileSync(worker, properties(workerSettings(bed, settings, { dir, port, plugin })));
  writeFileSync(sink, properties(sinkSettings(bed, settings, run)));
  const log = openSync(join(dir, 'connect.log'), 'a');
  const main = 'org.apache.kafka.connect.cli.ConnectStandalone';
  // The runtime comes without a logger, and would fail in silence: our servers' one, errors only.
  const logger = join(artefactsPath(bed.config), 'jars');
  const jars = [join(lib, '*'), ...loggersIn(logger)].join(delimiter);
  const level = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  const child = spawn('java', ['-Xmx1g', level, '-cp', jars, main, worker, sink], {
    stdio: ['ignore', log, log],
    env: childEnv(bed.config),
  });
  const stop = (): Promise<void> => ended(child, 'SIGKILL');
  try {
    await running(`http://127.0.0.1:${port}/connectors/${run.name}/status`, () => child.exitCode);
  } catch (error) {
    await stop();
    const logged = readFileSync(join(dir, 'connect.log'), 'utf8').slice(-2_000);
    throw new Error(`Kafka Connect does not come up:\n${logged}`, { cause: error });
  }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return { pid: must(child.pid), hasEnded, stop };
}

const loggersIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.startsWith('slf4j-simple-'))
    .map((name) => join(dir, name));

const workerSettings = (
  { config }: Bed,
  { worker }: ConnectSettings,
  { dir, port, plugin }: { dir: string; port: number; plugin: string },
): Record<string, string> => ({
  'bootstrap.servers': config.kafkaBrokers.join(','),
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  'consumer.auto.offset.reset': 'earliest',
  'offset.storage.file.filename': join(dir, 'offsets'),
  'plugin.path': plugin,
  listeners: `http://127.0.0.1:${port}`,
  ...worker,
});

const sinkSettings = (
  { config }: Bed,
  { sink, client }: ConnectSettings,
  { name, topic, table }: { name: string; topic: string; table: string },
): Record<string, string> => ({
  name,
  'connector.class': 'io.questdb.kafka.QuestDBSinkConnector',
  'tasks.max': '1',
  topics: topic,
  table,
  'client.conf.string': `http::${clientSettings(config.questdbUrl)}${client}`,
  symbols: 'kind,venue,symbol,side',
  doubles: 'price,size',
  'timestamp.field.name': 'ts',
  'timestamp.units': 'micros',
  'include.key': 'false',
  ...sink,
});

const properties = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

interface Status {
  readonly connector: { readonly state: string };
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}

async function running(url: string, exitCode: () => number | null): Promise<void> {
  const deadline = performance.now() + UP_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    const status = answer?.ok === true ? ((await answer.json()) as Status) : null;
    const broken = status?.tasks.find(({ state }) => state === 'FAILED');
    if (broken !== undefined) throw new Error(broken.trace ?? 'a task has failed');
    const tasks = status?.tasks ?? [];
    if (tasks.length > 0 && tasks.every(({ state }) => state === 'RUNNING')) return;
    if (exitCode() !== null) throw new Error(`it ended with ${exitCode()}`);
    if (performance.now() > deadline) throw new Error('it takes too long');
    await sleep(200);
  }
}

function clientSettings(questdbUrl: string): string {
  const { host, username, password } = new URL(questdbUrl);
  return `addr=${host};username=${username};password=${password};`;
}
