/**
 * The wall clock's only home. Nothing that decides (operators, feature values, labels, the ledger)
 * may import it: a replay a year from now has to give the same bytes.
 */
export const nowMs = (): number => Date.now();

/** Microseconds since 1970 UTC, in steps of a millisecond. */
export const nowUs = (): number => Date.now() * 1000;

/** Milliseconds that only rise, for durations. */
export const monotonicMs = (): number => performance.now();

/** Resolves after `ms`, or at once (without an error) when the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Time as work that waits and repeats sees it. */
export interface RunningTime {
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Tells every `ms` until it is stopped. */
  readonly every: (ms: number, onTick: () => void) => { stop(): void };
}

export const REAL_TIME: RunningTime = {
  monotonicMs,
  sleep,
  every: (ms, onTick) => {
    const timer = setInterval(onTick, ms);
    return { stop: () => clearInterval(timer) };
  },
};
