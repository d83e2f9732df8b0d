/**
 * The processes of an installation on the test's servers: started, killed and watched one by one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import { compiledArgs } from './compiled.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import type { ProcessName } from '../../src/app/run.ts';
import { drained } from '../../src/runtime/drained.ts';
import { runFeed, type FeedRun } from '../../pipelines/feed/feeding.ts';
import type { FeedTick } from '../../pipelines/feed/feed.ts';
import type { OutRecord } from '../../src/stream/stage.ts';

export class Installation {
  readonly context: Context;
  readonly reader: ReturnType<Context['questdbReader']>;
  private readonly env: NodeJS.ProcessEnv;
  private readonly children = new Map<ProcessName, ChildProcess>();
  private readonly logged = new Map<ProcessName, string>();

  /** `settings` are those of all its processes, over the test's own. */
  constructor(settings: Record<string, string> = {}) {
    this.env = { ...process.env, ...settings };
    this.context = openContext(loadConfig(this.env), 'test');
    this.reader = this.context.questdbReader();
  }

  /** Resolves once the process says that it works. */
  async start(name: ProcessName, env: Record<string, string> = {}): Promise<void> {
    const child = spawn(process.execPath, compiledArgs(name), {
      cwd: PROJECT_DIR,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.children.set(name, child);
    this.logged.set(name, '');
    const keep = (chunk: Buffer): void => {
      this.logged.set(name, this.output(name) + chunk.toString());
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) =>
        reject(new Error(`${name} ended with ${code}: ${this.output(name)}`)),
      );
    });
  }

  output(name: ProcessName): string {
    return this.logged.get(name) ?? '';
  }

  /** Resolves with the signal or exit code once the process has ended by itself. */
  async ended(name: ProcessName): Promise<string> {
    const child = this.children.get(name);
    if (child === undefined) return 'not running';
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    this.children.delete(name);
    return child.signalCode ?? String(child.exitCode);
  }

  async stop(name: ProcessName, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.children.get(name)?.kill(signal);
    await this.ended(name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.children.keys()].map((name) => this.stop(name)));
    await this.context.close();
  }

  /** Feeds as `tickloom feed` does, and waits until the whole flow has come to rest. */
  async feed(
    source: AsyncIterable<FeedTick> | Iterable<FeedTick>,
    options: Partial<Pick<FeedRun, 'syncPoints' | 'backfill' | 'imported'>> = {},
  ): Promise<void> {
    await runFeed(this.context, { source, notify: () => undefined, ...options });
    await this.drain();
  }

  async append(records: readonly OutRecord[]): Promise<void> {
    await this.context.outLog().append(records);
  }

  async drain(timeoutMs = 120_000): Promise<void> {
    const open = await drained(this.context, timeoutMs);
    if (open.length > 0) throw new Error(`not drained:\n${open.join('\n')}`);
  }

  /** Every row of a QuestDB table of one venue as text, in the order of its key. */
  async dump(table: string, venue: string): Promise<string[]> {
    const rows = await this.reader.query<Record<string, unknown>>(
      `SELECT * FROM ${table} WHERE venue = $1`,
      [venue],
    );
    return rows.map((row) => JSON.stringify(row)).toSorted();
  }
}
