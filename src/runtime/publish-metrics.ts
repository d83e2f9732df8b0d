/**
 * Puts this process's numbers where the HTTP process finds them, every few seconds: in PostgreSQL,
 * because every process has it at hand, on one machine or many, under a supervisor or alone.
 *
 * While PostgreSQL is away nothing is written and nothing waits; whoever scrapes sees the last
 * numbers age. No process depends on it.
 */
import { sleep } from '../clock.ts';
import { nameProcess, ownMetrics, processName, WORKER } from '../metrics.ts';
import { forgetMetrics, noteMetrics } from '../postgres/tables/process-metrics.ts';
import type { Context } from './context.ts';

const PUBLISH_MS = 5_000;
/** A PostgreSQL that hangs keeps nobody from ending. */
const GOODBYE_MS = 2_000;

/** Begins at once; the result ends it and removes what was written. */
export function publishMetrics(
  { postgres, log }: Pick<Context, 'postgres' | 'log'>,
  name: string,
): () => Promise<void> {
  nameProcess(name);
  let publishing: Promise<void> | null = null;
  const publish = async (): Promise<void> => {
    try {
      const metrics = await ownMetrics();
      await noteMetrics(postgres, { worker: WORKER, process: processName(), metrics });
    } catch (error) {
      log.debug({ err: error }, 'the metrics of this process could not be published');
    }
  };
  const publishOnce = (): void => {
    publishing ??= publish().finally(() => {
      publishing = null;
    });
  };
  publishOnce();
  const timer = setInterval(publishOnce, PUBLISH_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    const goodbye = async (): Promise<void> => {
      await publishing;
      await forgetMetrics(postgres, WORKER).catch(() => undefined);
    };
    await Promise.race([goodbye(), sleep(GOODBYE_MS)]);
  };
}
