/**
 * The processes of an installation under one parent: started, started again when they end, stopped
 * together.
 *
 * A process that ends by itself has met something that it cannot go on with; starting it from its
 * checkpoint is the repair. It is given a little longer each time that it ends soon. Children run
 * in process groups of their own, so that Ctrl-C in the terminal reaches only the parent, which
 * stops them in order; a child whose parent has vanished stops by itself.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '../code-files.ts';
import { monotonicMs, sleep } from '../clock.ts';
import { childArgs } from './child-args.ts';
import { RotatingLog } from '../runtime/rotating-log.ts';
import type { ProcessName } from './run.ts';

const STOP_PATIENCE_MS = 20_000;
const BACKOFF_MS_MAX = 15_000;
/** A run that lasted this long was a good one: the next restart is quick again. */
const GOOD_RUN_MS = 60_000;

export interface SupervisorOptions {
  readonly dataDir: string;
  readonly notify: (line: string) => void;
}

export class Supervisor {
  private readonly children = new Map<ProcessName, ChildProcess>();
  private readonly options: SupervisorOptions;
  private stopping = false;

  constructor(options: SupervisorOptions) {
    this.options = options;
  }

  /** Starts them together and resolves once each has reported that it works. */
  async start(names: readonly ProcessName[], readyTimeoutMs: number): Promise<void> {
    mkdirSync(join(this.options.dataDir, 'logs'), { recursive: true, mode: 0o700 });
    const late = sleep(readyTimeoutMs).then(() => 'late' as const);
    const ready = Promise.all(names.map((name) => this.keep(name)));
    if ((await Promise.race([ready, late])) !== 'late' || this.stopping) return;
    throw new Error(
      `not all processes were ready within ${readyTimeoutMs / 1000} s; their logs are in ` +
        join(this.options.dataDir, 'logs'),
    );
  }

  /** Ends them; the ones that bring money and effects first get their time to finish a batch. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.children.values()].map(stopChild));
  }

  /** Resolves at the first `ready`; goes on watching the process. */
  private keep(name: ProcessName): Promise<void> {
    return new Promise((resolve) => {
      void this.watch(name, resolve);
    });
  }

  private async watch(name: ProcessName, ready: () => void): Promise<void> {
    let backoffMs = 500;
    while (!this.stopping) {
      const startedMs = monotonicMs();
      const child = this.spawn(name);
      child.on('message', (message) => {
        if (message === 'ready') ready();
      });
      const ending = await new Promise<string>((resolve) => {
        child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
        child.on('error', (error) => resolve(error.message));
      });
      this.children.delete(name);
      if (this.stopping) return;
      const ranMs = monotonicMs() - startedMs;
      backoffMs = ranMs > GOOD_RUN_MS ? 500 : Math.min(2 * backoffMs, BACKOFF_MS_MAX);
      this.options.notify(`${name} ended (${ending}); starting it again in ${backoffMs / 1000} s`);
      await sleep(backoffMs);
    }
  }

  private spawn(name: ProcessName): ChildProcess {
    const log = new RotatingLog(join(this.options.dataDir, 'logs', `${name}.log`));
    // What this process was allowed, its children are too.
    const insecure = process.argv.filter((argument) => argument === '--insecure');
    const child = spawn(process.execPath, [...childArgs(name), ...insecure], {
      cwd: PROJECT_DIR,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (chunk: Buffer) => log.write(chunk));
    }
    child.on('close', () => log.close());
    this.children.set(name, child);
    return child;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(STOP_PATIENCE_MS)]);
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await gone;
  }
}
