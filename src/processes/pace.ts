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
  readonly work: () => Promise<void>;
  /** Told of every failure and of the first success behind it. */
  readonly onFailed: (error: unknown) => Promise<void>;
  readonly onWell: () => Promise<void>;
}

const LONGEST_MS = 30_000;
const SHARE = 19;

/** Does the work again and again until the signal is aborted, one at a time. */
export async function repeat(
  { everyMs, work, onFailed, onWell }: Repeated,
  signal: AbortSignal,
  time: RunningTime = REAL_TIME,
): Promise<void> {
  const backoff = new Backoff(everyMs, LONGEST_MS);
  while (!signal.aborted) {
    let pauseMs = everyMs;
    try {
      const startMs = time.monotonicMs();
      await work();
      const tookMs = time.monotonicMs() - startMs;
      // What takes long is done less often: it costs a twentieth of the time at most.
      if (tookMs > everyMs) pauseMs = Math.min(SHARE * tookMs, Math.max(everyMs, LONGEST_MS));
      backoff.well();
      await onWell();
    } catch (error) {
      pauseMs = backoff.failed();
      await onFailed(error);
    }
    await time.sleep(pauseMs, signal);
  }
}
