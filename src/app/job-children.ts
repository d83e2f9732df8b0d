/**
 * Jobs in processes of their own, one for each queue: a training blocks its process for minutes,
 * and a job that freezes or never ends has to be ended from outside.
 *
 * Promise: every task ends. A process that has not beaten for a while is frozen, one that is busy
 * for longer than its job may take is endless; both are ended by SIGKILL, as is one whose run was
 * cancelled. Time in which this very process stood still counts for neither.
 */
import { fork, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { REAL_TIME, type RunningTime } from '../clock.ts';
import { programFile } from '../code-files.ts';
import type { JobAnswer, JobTask, SentError } from './job-child.ts';
import { NODE_FLAGS } from './child-args.ts';

/** How a task ended: as the child says, or as it was seen from outside. */
export type Ending =
  | JobAnswer
  | { readonly ended: 'frozen' | 'overdue' | 'crashed' | 'cancelled'; readonly error: SentError };

export interface Bounds {
  /** How long one task may take. */
  readonly longestMs: number;
  /** How long a process may be without a sign of life. */
  readonly silentMs: number;
}

export interface TaskOptions extends Bounds {
  /** Called every few seconds; false ends the task. */
  readonly isWanted?: () => Promise<boolean>;
}

const LOOK_MS = 1_000;
/** How often it is checked whether the task is still wanted. */
const WANTED_LOOKS = 5;
const STOP_MS = 3_000;
/** Until the first sign of life: a busy machine takes its time to load a program. */
const START_MS = 120_000;

export const JOB_CHILD = programFile('src/app/job-child');

export class JobChild {
  private readonly args: readonly string[];
  private readonly entry: string;
  private readonly time: RunningTime;
  private child: ChildProcess | null = null;
  private heartbeatMs = 0;
  private hasHeartbeat = false;

  /** `args` are those of `entry`, a module that answers every message by one. */
  constructor(args: readonly string[], entry = JOB_CHILD, time = REAL_TIME) {
    this.args = args;
    this.entry = entry;
    this.time = time;
  }

  /** Its process, while there is one. */
  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  /** One at a time. Never rejects. */
  async run(task: JobTask, options: TaskOptions): Promise<Ending> {
    const child = this.ready();
    let forgetListeners: () => void = () => undefined;
    const ending = await new Promise<Ending>((resolve) => {
      const watch = this.watch(options, (ended, message) => {
        child.kill('SIGKILL');
        resolve({ ended, error: { message, stack: undefined } });
      });
      const onMessage = (answer: unknown): void => resolve(answer as JobAnswer);
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
        resolve(crashed(signal ?? `exit code ${code}`));
      const onError = (error: Error): void => resolve(crashed(error.message));
      child.once('message', onMessage).once('exit', onExit).once('error', onError);
      forgetListeners = () => {
        watch.stop();
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
      };
      child.send(task, (error) => {
        if (error !== null) resolve(crashed(error.message));
      });
    });
    forgetListeners();
    if (ending.ended in SEEN) this.forget(child);
    return ending;
  }

  /** Ends the process; a task under way ends as crashed. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.forget(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await Promise.race([gone, this.time.sleep(STOP_MS)]);
    child.kill('SIGKILL');
    await gone;
  }

  private forget(child: ChildProcess): void {
    if (this.child === child) this.child = null;
  }

  private ready(): ChildProcess {
    this.heartbeatMs = this.time.monotonicMs();
    if (this.child !== null && this.child.connected) return this.child;
    this.hasHeartbeat = false;
    const child = fork(this.entry, [...this.args], {
      execArgv: [...NODE_FLAGS],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    });
    (child.stdio[4] as Readable).on('data', () => {
      this.heartbeatMs = this.time.monotonicMs();
      this.hasHeartbeat = true;
    });
    // Unheard, an error between two tasks would end this process.
    child.on('error', () => undefined);
    child.on('exit', () => this.forget(child));
    this.child = child;
    return child;
  }

  private watch(
    { longestMs, silentMs, isWanted }: TaskOptions,
    end: (ended: 'frozen' | 'overdue' | 'cancelled', message: string) => void,
  ): { stop(): void } {
    let deadlineMs = this.time.monotonicMs() + longestMs;
    let lookedMs = this.time.monotonicMs();
    let looks = 0;
    const look = (): void => {
      const now = this.time.monotonicMs();
      // This process was stopped, or had no turn: then the child may have been as well.
      const away = Math.max(0, now - lookedMs - 2 * LOOK_MS);
      lookedMs = now;
      deadlineMs += away;
      this.heartbeatMs += away;
      if (now > deadlineMs) {
        stop();
        end('overdue', `it took longer than ${longestMs / 60_000} minutes and was ended`);
      } else if (now - this.heartbeatMs > (this.hasHeartbeat ? silentMs : START_MS)) {
        stop();
        end('frozen', `it gave no sign of life for ${silentMs / 1_000} s and was ended`);
      } else if (isWanted !== undefined && ++looks % WANTED_LOOKS === 0) {
        void isWanted().then(
          (wanted) => {
            if (wanted || stopped) return;
            stop();
            end('cancelled', 'it was cancelled');
          },
          () => undefined,
        );
      }
    };
    let stopped = false;
    const timer = this.time.every(LOOK_MS, look);
    const stop = (): void => {
      stopped = true;
      timer.stop();
    };
    return { stop };
  }
}

/** Endings behind which there is no process any more. */
const SEEN: Readonly<Record<string, true>> = {
  frozen: true,
  overdue: true,
  crashed: true,
  cancelled: true,
};

const crashed = (how: string): Ending => ({
  ended: 'crashed',
  error: { message: `its process ended by itself (${how})`, stack: undefined },
});
