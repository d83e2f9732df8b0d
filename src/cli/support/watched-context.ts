/**
 * A command's context that looks after the servers that the command uses: each is probed when
 * it is first needed, beside the work, and one that is away ends the command with a message.
 */
import { findOutage } from '../../runtime/outage.ts';
import { probe, ServerAway, type ServerName } from '../../runtime/server-probe.ts';
import type { Context } from '../../runtime/context.ts';

const NEEDS: Partial<Readonly<Record<keyof Context, readonly ServerName[]>>> = {
  kafka: ['kafka'],
  outLog: ['kafka'],
  flowProbe: ['kafka', 'questdb'],
  postgres: ['postgres'],
  questdbReader: ['questdb'],
  labelBacklog: ['questdb', 'postgres'],
  questdbWriter: ['questdbHttp'],
};

/**
 * The result of `work`, or `ServerAway`; then `work` is left to itself. `notify` reports a server
 * that is slow to answer.
 */
export async function watched<T>(
  context: Context,
  work: (context: Context) => Promise<T>,
  notify: (line: string) => void,
): Promise<T> {
  const probes = new Map<ServerName, Promise<void>>();
  let fail: (error: unknown) => void = () => undefined;
  const away = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  away.catch(() => undefined);
  const need = (server: ServerName): void => {
    if (probes.has(server)) return;
    const found = probe(context.config, server, notify);
    probes.set(server, found);
    found.catch(fail);
  };
  const watching = new Proxy(context, {
    get: (of, name: string, receiver) => {
      NEEDS[name as keyof Context]?.forEach(need);
      return Reflect.get(of, name, receiver) as unknown;
    },
  });
  const done = work(watching);
  try {
    return await Promise.race([done, away]);
  } catch (error) {
    // What the work met first may be a bare ECONNREFUSED: the probe says whose.
    if (!(error instanceof ServerAway) && findOutage(error) !== null) {
      await Promise.race([Promise.all(probes.values()), away]);
    }
    throw error;
  }
}
