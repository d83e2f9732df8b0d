/**
 * `/healthz`: the process answers. `/readyz`: so do the servers behind it, each probed within two
 * seconds, and no partition of a stage stands still; 503 with the reasons where it is not so.
 * Liveness never depends on a server: a restart of ours would not mend theirs.
 */
import type { FastifyInstance } from 'fastify';
import { standingText } from '../stream/standstill.ts';
import { redisFinding } from '../queue/redis-health.ts';
import { refuseSuspended } from '../questdb/tables/suspended.ts';
import type { HttpContext } from './context.ts';

const PATIENCE_MS = 2_000;

export type Checks = Readonly<
  Record<'postgres' | 'questdb' | 'kafka' | 'redis' | 'stages', string>
>;

export function health(app: FastifyInstance, context: HttpContext): void {
  const hidden = { schema: { hide: true } };
  app.get('/healthz', hidden, async () => ({ status: 'ok' }));
  app.get('/readyz', hidden, async (_request, reply) => {
    const checks = await checkServers(context);
    const ready = Object.values(checks).every((state) => state === 'ok');
    void reply.code(ready ? 200 : 503);
    const standing = context
      .standing()
      .map(({ stage, topic, partition, position, end, forMs }) => ({
        stage,
        topic,
        partition,
        position,
        end,
        seconds: Math.round(forMs / 1000),
      }));
    return { status: ready ? 'ok' : 'not ready', checks, ...(ready ? {} : { standing }) };
  });
}

/** `ok` or the reason, by server, and of the stages. */
async function checkServers(context: HttpContext): Promise<Checks> {
  const { postgres, questdb, flow, standing, config } = context;
  const [pg, quest, kafka, redis] = await Promise.all([
    within(async () => postgres.query('SELECT 1')),
    within(() => refuseSuspended(questdb)),
    within(() => flow.status()),
    redisFinding(config).then((found) => found?.message ?? 'ok'),
  ]);
  const stages = standing().map(standingText).join('; ') || 'ok';
  return { postgres: pg, questdb: quest, kafka, redis, stages };
}

async function within(ask: () => Promise<unknown>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${PATIENCE_MS / 1000} s`), PATIENCE_MS);
  });
  const answer = ask().then(
    () => 'ok',
    (error: unknown) => (error instanceof Error && error.message) || String(error),
  );
  const state = await Promise.race([answer, late]);
  clearTimeout(timer);
  return state;
}
