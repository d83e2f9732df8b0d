/**
 * One installation on servers of its own, kept running as production keeps it: a process that ends
 * is started again. What a fault needs to reach is reachable: processes, servers, and the way to
 * QuestDB.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { logFile, recordFile, serverDir, type ServerName } from '../../infra/local/data-dir.ts';
import { postgresData } from '../../infra/local/postgres.ts';
import { isRunning, readRecord } from '../../infra/local/process-record.ts';
import { startServer, startStack, stopServer, type Stack } from '../../infra/local/stack.ts';
import { must } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig, type Config } from '../../src/config/config.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { compiledArgs } from '../support/compiled.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import type { ProcessName } from '../../src/app/run.ts';
import { seedInstallation } from '../../src/app/seed.ts';
import { drained } from '../../src/runtime/drained.ts';
import { createTopics } from '../../src/runtime/topics.ts';
import { migrateUp } from '../../src/postgres/tables/migrate.ts';
import { migrateQuestDb } from '../../src/questdb/tables/schema.ts';
import { freePorts, stackEnv } from '../support/stack.ts';
import { CutProxy } from './cut-proxy.ts';
import { SmallDisk } from './small-disk.ts';

export type StageName = Exclude<ProcessName, 'http'>;
export const STAGES: readonly StageName[] = ['stream', 'sink', 'money', 'jobs'];

const RESTART_MS = 300;
const READY_MS = 90_000;
const DRAIN_MS = 180_000;
/** How long after everything was stopped a process may still be there. */
const ENDED_MS = 10_000;

interface Kept {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
}

export class Bed {
  /** Sees the servers directly; the processes see QuestDB through the proxy. */
  readonly context: Context;
  readonly proxy: CutProxy;
  readonly config: Config;
  private readonly stack: Stack;
  private readonly env: NodeJS.ProcessEnv;
  private readonly kept = new Map<string, Kept>();
  private readonly logged = new Map<string, string>();
  private readonly disks: SmallDisk[] = [];
  private stopping = false;
  private closing: Promise<void> | null = null;
  private unheed: () => void = () => undefined;

  private constructor(env: NodeJS.ProcessEnv, config: Config, stack: Stack, proxy: CutProxy) {
    this.env = env;
    this.config = config;
    this.stack = stack;
    this.proxy = proxy;
    this.context = openContext(config, 'bed');
  }

  /** Servers, tables, topics and the first control records; no process yet. */
  static async open(settings: Record<string, string>): Promise<Bed> {
    const interrupt = new AbortController();
    const onSignal = (): void => interrupt.abort();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, onSignal);
    const { own, config, stack } = await started(settings, interrupt.signal);
    const [proxyPort = 0] = await freePorts(1);
    const proxy = new CutProxy(proxyPort, Number(new URL(config.questdbUrl).port));
    const env = {
      ...process.env,
      ...own,
      TICKLOOM_QUESTDB_URL: `http://127.0.0.1:${proxyPort}`,
    };
    const bed = new Bed(env, config, stack, proxy);
    bed.heed(interrupt.signal, onSignal);
    try {
      await bed.prepare();
    } catch (error) {
      await bed.close();
      throw error;
    }
    return bed;
  }

  /** Ctrl-C ends what was started, and then this process. */
  private heed(interrupted: AbortSignal, onSignal: () => void): void {
    const end = (): void => {
      void this.close().finally(() => process.exit(130));
    };
    interrupted.addEventListener('abort', end);
    if (interrupted.aborted) end();
    this.unheed = () => {
      interrupted.removeEventListener('abort', end);
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal);
    };
  }

  private async prepare(): Promise<void> {
    const { postgres, kafka, topicName, config } = this.context;
    await migrateUp(postgres);
    await migrateQuestDb(this.context.questdbReader(), { features: FEATURE_NAMES });
    await createTopics(kafka, { partitions: config.partitions, topicName });
    await seedInstallation(postgres, config);
  }

  /** Once, whoever asks for it: what was at work meets its end while this goes on. */
  close(): Promise<void> {
    return (this.closing ??= this.closeAll());
  }

  private async closeAll(): Promise<void> {
    this.stopping = true;
    this.unheed();
    for (const { child } of this.kept.values()) child.kill('SIGKILL');
    await this.context.close().catch(() => undefined);
    await this.proxy.close();
    await this.stack.stop();
    await this.noneLeft();
    for (const disk of this.disks) disk.remove();
    rmSync(this.config.dataDir, { recursive: true, force: true });
  }

  /** Starts a process and keeps it running; `as` tells a second one of the same stage apart. */
  async keep(name: StageName, env: Record<string, string> = {}, as: string = name): Promise<void> {
    this.start(name, env, as);
    await this.ready(as);
  }

  /** Ends a process for good. */
  async drop(as: string): Promise<void> {
    const kept = this.kept.get(as);
    this.kept.delete(as);
    if (kept === undefined) return;
    const ended = new Promise((resolve) => kept.child.once('exit', resolve));
    kept.child.kill('SIGKILL');
    await ended;
  }

  child(as: string): ChildProcess {
    return must(this.kept.get(as), `${as} is kept running`).child;
  }

  /** What the processes under this name have said so far. */
  output(as: string): string {
    return this.logged.get(as) ?? '';
  }

  /** Resolves once the process works, whichever start it takes. */
  async ready(as: string): Promise<void> {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const kept = must(this.kept.get(as), `${as} is kept running`);
      const outcome = await Promise.race([kept.ready.then(() => true), sleep(1_000)]);
      if (outcome === true && this.kept.get(as) === kept) return;
      if (performance.now() > deadline) {
        throw new Error(`${as} does not come up:\n${this.output(as).slice(-2_000)}`);
      }
    }
  }

  /** Resolves once the whole flow has come to rest; throws what is open when it does not. */
  async drain(): Promise<void> {
    const open = await drained(this.context, DRAIN_MS);
    if (open.length > 0) throw new Error(`does not come to rest:\n${open.join('\n')}`);
  }

  /** Has the server go on with its data on a disk with so much room to spare. */
  async ontoSmallDisk(name: ServerName, spareMib: number): Promise<SmallDisk> {
    const dir =
      name === 'postgres' ? postgresData(this.config) : serverDir(this.config.dataDir, name);
    await stopServer(this.config, name);
    const disk = SmallDisk.under(dir, spareMib);
    this.disks.push(disk);
    await this.startServer(name);
    return disk;
  }

  /** What the server has logged so far. */
  serverLog(name: ServerName): string {
    return readFileSync(logFile(this.config.dataDir, name), 'utf8');
  }

  /** Starts the server again if it has ended; true then. */
  async revive(name: ServerName): Promise<boolean> {
    const record = readRecord(recordFile(this.config.dataDir, name));
    if (record !== null && isRunning(record)) return false;
    await this.startServer(name);
    return true;
  }

  killServer(name: ServerName): number {
    const record = must(readRecord(recordFile(this.config.dataDir, name)), `${name} runs`);
    process.kill(record.pid, 'SIGKILL');
    return record.pid;
  }

  startServer(name: ServerName): Promise<void> {
    return startServer(this.config, name);
  }

  /** Resolves once a server that was killed is there no more. */
  async ended(name: ServerName): Promise<void> {
    for (;;) {
      const record = readRecord(recordFile(this.config.dataDir, name));
      if (record === null || !isRunning(record)) return;
      await sleep(50);
    }
  }

  /** Puts a copy in the place of a server's directory, with owners and modes as they were. */
  replaceDir(dir: string, copy: string): void {
    const { uid, gid } = statSync(dir);
    rmSync(dir, { recursive: true });
    cpSync(copy, dir, { recursive: true, preserveTimestamps: true });
    for (const each of ['', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })]) {
      chownSync(join(dir, each), uid, gid);
    }
    chmodSync(dir, 0o700);
  }

  postgresDir(): string {
    return postgresData(this.config);
  }

  /** Ends what the installation has left behind, and throws when there was something. */
  private async noneLeft(): Promise<void> {
    const deadline = performance.now() + ENDED_MS;
    let left = listProcesses(this.config.dataDir);
    while (left.length > 0 && performance.now() < deadline) {
      await sleep(200);
      left = listProcesses(this.config.dataDir);
    }
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    const named = left.map(({ pid, command }) => `${pid} ${command}`);
    if (left.length > 0) throw new Error(`processes are left:\n${named.join('\n')}`);
  }

  private start(name: StageName, env: Record<string, string>, as: string): void {
    const child = spawn(process.execPath, compiledArgs(name), {
      cwd: PROJECT_DIR,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const ready = new Promise<void>((resolve) => child.once('message', () => resolve()));
    const kept = { child, ready };
    this.kept.set(as, kept);
    const hear = (chunk: Buffer): void => {
      this.logged.set(as, this.output(as) + chunk.toString());
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', () => {
      if (this.stopping || this.kept.get(as) !== kept) return;
      setTimeout(() => {
        // Started again as it was meant to run, without what made it fail.
        if (!this.stopping && this.kept.get(as) === kept) this.start(name, {}, as);
      }, RESTART_MS);
    });
  }
}

/** Whoever was started with the data directory among its settings, ourselves apart. */
function listProcesses(dataDir: string): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(dataDir)) return [];
      return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      return [];
    }
  });
}

/** A port that was free a moment ago may be somebody else's by now: then with others. */
async function started(settings: Record<string, string>, signal: AbortSignal, tries = 3) {
  const own = { ...(await stackEnv()), TICKLOOM_LOG_LEVEL: 'warn', ...settings };
  const config = loadConfig(own);
  try {
    return { own, config, stack: await startStack(config, { signal }) };
  } catch (error) {
    rmSync(config.dataDir, { recursive: true, force: true });
    if (tries <= 1 || !/taken by another process|already in use/.test(String(error))) throw error;
    return started(settings, signal, tries - 1);
  }
}
