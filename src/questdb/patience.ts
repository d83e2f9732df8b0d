/**
 * Trying again while the world is away: bounded, with growing pauses, and with a heartbeat between
 * tries so that a Kafka consumer keeps its partitions meanwhile.
 */
import { monotonicMs, sleep } from '../clock.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const HEARTBEAT_EVERY_MS = 3_000;

export interface Patience {
  /** How long to go on trying; 0 tries once. */
  readonly patienceMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly heartbeat?: (() => Promise<void> | void) | undefined;
  /** False for an error that no second try can mend. */
  readonly isTransient: (error: unknown) => boolean;
}

/**
 * The result of `work`, tried again as long as its errors may pass and there is patience left; then
 * the last error. An abort throws the signal's reason, an error of the heartbeat that error.
 */
export async function patiently<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { patienceMs, signal, heartbeat, isTransient } = patience;
  const deadline = monotonicMs() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    try {
      return await beating(work(), patience);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof HeartbeatFailed) throw error.cause;
      if (!isTransient(error) || monotonicMs() + pause > deadline) throw error;
    }
    await heartbeat?.();
    await sleep(pause, signal);
  }
}

class HeartbeatFailed extends Error {}

/** The result of `work`; beats while it lasts, and leaves it alone when aborted. */
async function beating<T>(work: Promise<T>, { signal, heartbeat }: Patience): Promise<T> {
  if (signal === undefined && heartbeat === undefined) return work;
  let stop: () => void = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    const beat = async (): Promise<void> => {
      try {
        await heartbeat?.();
      } catch (cause) {
        reject(new HeartbeatFailed('the heartbeat failed', { cause }));
      }
    };
    const timer = setInterval(() => void beat(), HEARTBEAT_EVERY_MS);
    const abort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    stop = () => {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stop();
  }
}
