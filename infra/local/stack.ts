/**
 * The local stack: configuration in; Kafka, QuestDB, PostgreSQL and Redis running on this machine
 * out. Promise: what was started is recorded and stopped in order, what a killed run left is taken
 * over when it is healthy and ended when it is not, and only processes of this data directory are
 * ever touched. A server whose URL names another machine is only waited for.
 */
import { monotonicMs, sleep } from '../../src/clock.ts';
import type { Config } from '../../src/config/config.ts';
import { ensureArtefacts } from './artefacts.ts';
import { makeCredentials } from './credentials.ts';
import { clearDataDir, openDataDir, type ServerName } from './data-dir.ts';
import { checkJava } from './java.ts';
import { kafkaServer } from './kafka.ts';
import { refuseOtherOwner, takeOwnership } from './owner.ts';
import { keepServers } from './keep-servers.ts';
import { isLoopback, portProblems } from './ports.ts';
import { postgresServer } from './postgres.ts';
import { questdbServer } from './questdb.ts';
import { redisServer } from './redis.ts';
import type { LocalServer, Programs } from './server.ts';
import { canReuse, logTail, runningRecord, startProcess, stopProcess } from './server-process.ts';
import { StackError, errorMessage } from './stack-error.ts';

const EXTERNAL_PATIENCE_MS = 120_000;
/** For a server of an earlier run that does not answer: it has nobody left to finish work for. */
const LEFTOVER_PATIENCE_MS = 6000;

/** Consumers are stopped before; then nobody writes, and what holds the log goes last but one. */
const STOP_ORDER: readonly ServerName[] = ['redis', 'questdb', 'kafka', 'postgres'];

export interface StackOptions {
  /** One line for people about each step. */
  readonly onProgress?: (line: string) => void;
  /**
   * Servers of ours that end by themselves are started again; one that keeps ending is given up:
   * its name and the end of its log. Without this nobody looks after them.
   */
  readonly onExit?: (server: ServerName, message: string) => void;
  /** Interrupts the start: what was started is stopped again, and the start rejects. */
  readonly signal?: AbortSignal;
  /** The servers stay when this process ends (`tickloom stack up`). */
  readonly stay?: boolean;
}

export interface Stack {
  /**
   * Stops all servers in order and gives the data directory back; a second call waits for the
   * first.
   */
  readonly stop: () => Promise<void>;
}

export interface ServerStatus {
  readonly name: ServerName;
  /** `host:port` of every port. */
  readonly addresses: readonly string[];
  /** `external`: on another machine, or not started by us. */
  readonly state: 'running' | 'stopped' | 'external';
  readonly pid: number | null;
  /** Whether it answers a request; `reason` says why not. */
  readonly ready: boolean;
  readonly reason: string | null;
}

interface Run {
  readonly config: Config;
  readonly notify: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** The four servers, in the order in which they are named to people. */
function allServers(config: Config): LocalServer[] {
  return [kafkaServer, questdbServer, postgresServer, redisServer].map((make) => make(config));
}

const isLocal = (server: LocalServer): boolean =>
  server.endpoints.every((endpoint) => isLoopback(endpoint.host));

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function ensurePrograms({ config, notify, signal }: Run): Promise<Programs> {
  const javaMajor = await checkJava();
  const options = signal === undefined ? { notify } : { notify, signal };
  return { ...(await ensureArtefacts(config, options)), javaMajor };
}

/** Which servers have to be started: those running well are taken over, the rest is ended first. */
async function notYetRunning(
  { config, notify }: Run,
  servers: readonly LocalServer[],
  programs: Programs,
): Promise<LocalServer[]> {
  const todo = servers.map(async (server) => {
    if (await canReuse(config.dataDir, server, server.command(programs))) {
      notify(`${server.name}: already running`);
      return [];
    }
    const was = await stopProcess(config.dataDir, server, LEFTOVER_PATIENCE_MS);
    if (was !== 'was not running') notify(`${server.name}: ${was} what an earlier run had left`);
    return [server];
  });
  return (await Promise.all(todo)).flat();
}

async function startOne(run: Run, server: LocalServer, programs: Programs): Promise<void> {
  const { dataDir } = run.config;
  const began = monotonicMs();
  await server.prepare(programs);
  const preparedMs = monotonicMs() - began;
  if (run.signal?.aborted === true) throw new StackError('interrupted');
  const tookMs = await startProcess(dataDir, server, server.command(programs), run.signal);
  const { host, port } = server.endpoints[0] ?? { host: '', port: 0 };
  const preparation = preparedMs < 500 ? '' : `, prepared in ${seconds(preparedMs)}`;
  run.notify(`${server.name}: ready on ${host}:${port} after ${seconds(tookMs)}${preparation}`);
}

async function startLocal(run: Run, servers: readonly LocalServer[]): Promise<void> {
  const programs = await ensurePrograms(run);
  const todo = await notYetRunning(run, servers, programs);
  const taken = await Promise.all(todo.map((each) => portProblems(each.name, each.endpoints)));
  if (taken.flat().length > 0) throw new StackError(taken.flat().join('\n'));
  const outcomes = await Promise.allSettled(todo.map((each) => startOne(run, each, programs)));
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [errorMessage(outcome.reason)] : [],
  );
  if (failures.length > 0) {
    await stopServers(run.config, run.notify);
    throw new StackError([...new Set(failures)].join('\n'));
  }
}

async function awaitExternal(run: Run, server: LocalServer): Promise<void> {
  const deadline = monotonicMs() + EXTERNAL_PATIENCE_MS;
  const where = server.endpoints.map(({ host, port }) => `${host}:${port}`)[0];
  run.notify(`${server.name}: waiting for ${where}`);
  for (;;) {
    try {
      return await server.ready();
    } catch (error) {
      if (run.signal?.aborted === true) throw new StackError('interrupted');
      if (monotonicMs() > deadline) {
        const setting = server.endpoints[0]?.setting ?? '';
        throw new StackError(
          `${server.name} at ${where} does not answer: ${errorMessage(error)} (${setting})`,
        );
      }
    }
    await sleep(500, run.signal);
  }
}

async function stopServers(config: Config, notify: (line: string) => void): Promise<void> {
  const servers = allServers(config);
  for (const name of STOP_ORDER) {
    const server = servers.find((each) => each.name === name);
    if (server === undefined) continue;
    const began = monotonicMs();
    const was = await stopProcess(config.dataDir, server);
    if (was !== 'was not running') notify(`${name}: ${was} in ${seconds(monotonicMs() - began)}`);
  }
}

/** Looks after the servers' processes; returns what ends that. */
function watch(run: Run, servers: readonly LocalServer[], onExit: StackOptions['onExit']) {
  if (onExit === undefined) return () => Promise.resolve();
  const { config, notify } = run;
  const kept = servers.map((server) => ({
    name: server.name,
    isRunning: () => runningRecord(config.dataDir, server) !== null,
    start: () => startAgain(run, server),
    lastWords: () => logTail(config.dataDir, server),
  }));
  return keepServers(kept, { dataDir: config.dataDir, notify, onGivenUp: onExit });
}

async function startAgain(run: Run, server: LocalServer): Promise<void> {
  const programs = await ensurePrograms(run);
  await stopProcess(run.config.dataDir, server, LEFTOVER_PATIENCE_MS);
  const taken = await portProblems(server.name, server.endpoints);
  if (taken.length > 0) throw new StackError(taken.join('\n'));
  await startOne(run, server, programs);
}

/**
 * Starts the servers that the configuration places on this machine, in parallel, and waits until
 * all answer. Throws `StackError`, with everything it started stopped again.
 */
export async function startStack(config: Config, options: StackOptions = {}): Promise<Stack> {
  const { onProgress: notify = () => {}, onExit, signal, stay = false } = options;
  const run: Run = { config, notify, signal };
  openDataDir(config.dataDir);
  const release = takeOwnership(config.dataDir);
  let local: readonly LocalServer[] = [];
  try {
    makeCredentials(config);
    const servers = allServers(config);
    local = servers.filter(isLocal);
    if (local.length > 0) await startLocal(run, local);
    const external = servers.filter((server) => !isLocal(server));
    await Promise.all(external.map((server) => awaitExternal(run, server)));
  } catch (error) {
    release();
    throw error;
  }
  if (stay) release();
  const unwatch = watch(run, local, onExit);
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    await unwatch();
    await stopServers(config, notify);
    release();
  };
  return { stop: () => (stopping ??= stopAll()) };
}

/** What runs now, by records and by asking. */
export function stackStatus(config: Config): Promise<ServerStatus[]> {
  return Promise.all(
    allServers(config).map(async (server) => {
      const record = runningRecord(config.dataDir, server);
      const reason = await server.ready().then(() => null, errorMessage);
      const ours = isLocal(server) && (record !== null || reason !== null);
      return {
        name: server.name,
        addresses: server.endpoints.map(({ host, port }) => `${host}:${port}`),
        state: ours ? (record === null ? 'stopped' : 'running') : 'external',
        pid: record?.pid ?? null,
        ready: reason === null,
        reason,
      } as const;
    }),
  );
}

/** Stops what runs, by records. Throws `StackError` while another tickloom uses the servers. */
export async function stopStack(
  config: Config,
  notify: (line: string) => void = () => {},
): Promise<void> {
  refuseOtherOwner(config.dataDir);
  await stopServers(config, notify);
}

/** Stops the servers and deletes all their data; artefacts stay. Refuses a directory not ours. */
export async function resetStack(
  config: Config,
  notify: (line: string) => void = () => {},
): Promise<void> {
  await stopStack(config, notify);
  clearDataDir(config.dataDir);
  for (const server of allServers(config)) server.reset?.();
}

/** Starts one server of a stack whose others run: after a fault that somebody caused on purpose. */
export async function startServer(config: Config, name: ServerName): Promise<void> {
  const run: Run = { config, notify: () => {}, signal: undefined };
  await startLocal(
    run,
    allServers(config).filter((server) => server.name === name),
  );
}

/** Stops one server in order. */
export async function stopServer(config: Config, name: ServerName): Promise<void> {
  const server = allServers(config).find((each) => each.name === name);
  if (server !== undefined) await stopProcess(config.dataDir, server);
}
