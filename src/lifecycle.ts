/** Work of a process that waits, is tried again and goes on, until the process is to end. */
import { sleep } from './clock.ts';

const RETRY_MS = 1_000;

/** Resolves once the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

export interface Retry {
  readonly signal: AbortSignal;
  /** Whether the same work may succeed later. */
  readonly isTransient: (error: unknown) => boolean;
  /** Called at every failure behind which the work is done again. */
  readonly onRetry: (error: unknown) => void;
  readonly pauseMs?: number;
}

/** Does `work` again while its errors may pass; any other error, or the signal, ends it. */
export async function retried<T>(
  work: () => Promise<T>,
  { signal, isTransient, onRetry, pauseMs = RETRY_MS }: Retry,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error;
      onRetry(error);
      await sleep(pauseMs, signal);
    }
  }
}

interface Repeated {
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** Called at every failure; the work goes on, unless this throws. */
  readonly onFailed: (error: unknown) => void;
  /** How long it rests behind a failure, where that is something else. */
  readonly failedMs?: number;
}

/** Does `work` again and again until the signal is aborted. */
export async function untilAborted(
  work: () => Promise<void>,
  { signal, everyMs, onFailed, failedMs = everyMs }: Repeated,
): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = everyMs;
    try {
      await work();
    } catch (error) {
      onFailed(error);
      pauseMs = failedMs;
    }
    await sleep(pauseMs, signal);
  }
}
