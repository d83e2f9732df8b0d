/**
 * Servers that end by themselves are started again, each with a growing pause, and given up after
 * so many tries: then something is wrong that no start mends. Their logs are kept within bounds.
 *
 * A server that ends and is back a second later is nothing to stop an installation for: whoever
 * uses it waits, and goes on.
 */
import { monotonicMs, sleep } from '../../src/clock.ts';
import { rotateInPlace } from '../../src/runtime/rotating-log.ts';
import { logFile, type ServerName } from './data-dir.ts';
import { errorMessage } from './stack-error.ts';

export interface Kept {
  readonly name: ServerName;
  readonly isRunning: () => boolean;
  readonly start: () => Promise<void>;
  /** What it printed last. */
  readonly lastWords: () => string;
}

export interface KeepOptions {
  readonly dataDir: string;
  readonly notify: (line: string) => void;
  /** A server is given up: its name and why. */
  readonly onGivenUp: (server: ServerName, message: string) => void;
  /** How often a server may be started again before it has run well for a while. */
  readonly triesMax?: number;
  readonly lookMs?: number;
  readonly firstPauseMs?: number;
}

const LOOK_MS = 1_000;
const TRIES_MAX = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A server that ran so long has started well: the next time is the first one again. */
const GOOD_RUN_MS = 60_000;
const LOGS_EVERY_LOOKS = 60;

/** Looks after them until what it returns is called; that resolves when no start is under way. */
export function keepServers(servers: readonly Kept[], options: KeepOptions): () => Promise<void> {
  const controller = new AbortController();
  const keeping = servers.map((server) => keep(server, options, controller.signal));
  return async () => {
    controller.abort();
    await Promise.all(keeping);
  };
}

async function keep(server: Kept, options: KeepOptions, signal: AbortSignal): Promise<void> {
  const { dataDir, notify, onGivenUp, triesMax = TRIES_MAX, lookMs = LOOK_MS } = options;
  let tries = 0;
  let startedMs = monotonicMs();
  for (let looks = 1; !signal.aborted; looks++) {
    await sleep(lookMs, signal);
    if (looks % LOGS_EVERY_LOOKS === 0) rotateInPlace(logFile(dataDir, server.name));
    if (signal.aborted || server.isRunning()) continue;
    if (monotonicMs() - startedMs > GOOD_RUN_MS) tries = 0;
    if (++tries > triesMax) {
      onGivenUp(server.name, `it ended ${tries} times in a row; ${server.lastWords()}`);
      return;
    }
    const pauseMs = Math.min(
      (options.firstPauseMs ?? FIRST_PAUSE_MS) * 2 ** (tries - 1),
      LONGEST_PAUSE_MS,
    );
    notify(`${server.name} has ended; starting it again in ${pauseMs / 1000} s`);
    await sleep(pauseMs, signal);
    if (signal.aborted) return;
    startedMs = monotonicMs();
    await server.start().catch((error: unknown) => {
      notify(`${server.name} could not be started: ${errorMessage(error).split('\n')[0]}`);
    });
  }
}
