/** A job's own connections: it runs in a child process and opens what it needs. */
import { loadConfig } from '../config.ts';
import { openContext, type Context } from '../processes/context.ts';

// A child whose parent was killed tells nobody of it for ever, a core and more and more memory
// long. Whatever it was about to do is found again by the next sweep.
process.once('disconnect', () => process.exit());
// It may have been killed before this was read.
if ('connected' in process && !process.connected) process.exit();

const kept = new Map<string, Context>();

/** The same for short jobs that come one behind the other: connections are made once. */
export async function inKept<T>(role: string, work: (context: Context) => Promise<T>): Promise<T> {
  const context = kept.get(role) ?? openContext(loadConfig(), role);
  kept.set(role, context);
  try {
    return await work(context);
  } catch (error) {
    // Its connections may be what is wrong.
    kept.delete(role);
    await context.close().catch(() => undefined);
    throw error;
  }
}

export async function inJob<T>(role: string, work: (context: Context) => Promise<T>): Promise<T> {
  const context = openContext(loadConfig(), role);
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}
