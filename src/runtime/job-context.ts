/** A job's own connections: it runs in a child process and opens what it needs. */
import { loadConfig } from '../config/config.ts';
import { openContext, type Context } from './context.ts';
import { publishMetrics } from './publish-metrics.ts';

// A child whose parent was killed keeps logging that for ever, a core and more and more memory
// long. Whatever it was about to do is found again by the next sweep.
process.once('disconnect', () => process.exit());
// It may have been killed before this was read.
if ('connected' in process && !process.connected) process.exit();

interface Kept {
  readonly context: Context;
  readonly stopPublishing: () => Promise<void>;
}

const kept = new Map<string, Kept>();

function keep(role: string): Kept {
  const context = openContext(loadConfig(), role);
  const opened = { context, stopPublishing: publishMetrics(context, role) };
  kept.set(role, opened);
  return opened;
}

/** The same for short jobs that come one behind the other: connections are made once. */
export async function inKept<T>(role: string, work: (context: Context) => Promise<T>): Promise<T> {
  const { context, stopPublishing } = kept.get(role) ?? keep(role);
  try {
    return await work(context);
  } catch (error) {
    // Its connections may be what is wrong.
    kept.delete(role);
    await stopPublishing();
    await context.close().catch(() => undefined);
    throw error;
  }
}

export async function inJob<T>(role: string, work: (context: Context) => Promise<T>): Promise<T> {
  const context = openContext(loadConfig(), role);
  const stopPublishing = publishMetrics(context, role);
  try {
    return await work(context);
  } finally {
    await stopPublishing();
    await context.close();
  }
}
