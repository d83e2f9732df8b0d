/** A processor's own connections: it runs in a child process and opens what it needs. */
import { loadConfig } from '../config.ts';
import { openContext, type Context } from '../processes/context.ts';

export async function inJob<T>(role: string, work: (context: Context) => Promise<T>): Promise<T> {
  const context = openContext(loadConfig(), role);
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}
