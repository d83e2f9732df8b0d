/** Work that repeats: at its own pace while all is well, ever slower while it fails. */
import { REAL_TIME, type RunningTime } from '../clock.ts';

/** A pause that doubles with every failure, from the first to the longest, until all is well. */
export class Backoff {
  private readonly firstMs: number;
  private readonly longestMs: number;
  private ms = 0;

  constructor(firstMs: number, longestMs: number) {
    this.firstMs = firstMs;
    this.longestMs = longestMs;
  }

  /** How long to rest now, after one more failure. */
  failed(): number {
    this.ms = Math.min(this.ms === 0 ? this.firstMs : 2 * this.ms, this.longestMs);
    return this.ms;
  }

  well(): void {
    this.ms = 0;
  }
}

export interface Repeated {
  readonly everyMs: number;
  /** What resolves to false has found nothing to do: where that goes on, it is tried less often. */
  readonly work: () => Promise<boolean | void>;
  /** Called at every failure and of the first success behind it. */
  readonly onFailed: (error: unknown) => Promise<void>;
  readonly onWell: () => Promise<void>;
}

const LONGEST_MS = 30_000;
/** Work that has found nothing so many times in a row … */
const QUIET_TIMES = 60;
/** … is looked for as seldom, until there is some. */
const QUIET_MS = 2_000;
const SHARE = 19;
/** Of this process's own time, where it costs so much at once. */
const CPU_MS = 50;
const CPU_SHARE = 49;

/** What this process has used so far, whatever for: an upper bound of what one of its works has. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Does the work again and again until the signal is aborted, one at a time. */
export async function repeat(
  { everyMs, work, onFailed, onWell }: Repeated,
  signal: AbortSignal,
  time: RunningTime = REAL_TIME,
  usedMs: () => number = cpuMs,
): Promise<void> {
  const backoff = new Backoff(everyMs, LONGEST_MS);
  let nothing = 0;
  while (!signal.aborted) {
    let pauseMs = everyMs;
    try {
      const [startMs, startCpuMs] = [time.monotonicMs(), usedMs()];
      nothing = (await work()) === false ? nothing + 1 : 0;
      const tookMs = time.monotonicMs() - startMs;
      const costMs = usedMs() - startCpuMs;
      if (nothing >= QUIET_TIMES) pauseMs = Math.max(pauseMs, QUIET_MS);
      // What takes long is done less often: a twentieth of the time at most, and a fiftieth of a core.
      if (tookMs > everyMs) pauseMs = Math.max(pauseMs, SHARE * tookMs);
      if (costMs > CPU_MS) pauseMs = Math.max(pauseMs, CPU_SHARE * costMs);
      pauseMs = Math.min(pauseMs, Math.max(everyMs, LONGEST_MS));
      backoff.well();
      await onWell();
    } catch (error) {
      pauseMs = backoff.failed();
      await onFailed(error);
    }
    await time.sleep(pauseMs, signal);
  }
}
