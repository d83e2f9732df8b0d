/**
 * One process of the installation by name: opens its context, runs until it is stopped, and
 * ends with a clear last line when it cannot go on. The supervisor starts it again.
 */
import { loadConfig } from '../config/config.ts';
import { openContext } from '../runtime/context.ts';
import { publishMetrics } from '../runtime/publish-metrics.ts';

export const PROCESSES = ['stream', 'sink', 'money', 'jobs', 'http'] as const;
export type ProcessName = (typeof PROCESSES)[number];

/** Processes that have another name than their stage. */
const STAGE_OF: Readonly<Record<string, string>> = { money: 'trades' };

/** Called once the process does its work; the supervisor waits for it. */
const reportReady = (): void => {
  process.send?.('ready');
};

/** `--insecure` of a command line, as the setting that it is. */
export const insecureFlag = (args: readonly string[]): Record<string, string> =>
  args.includes('--insecure') ? { TICKLOOM_HTTP_INSECURE: 'true' } : {};

export async function runProcess(
  name: ProcessName,
  signal: AbortSignal,
  settings: Record<string, string> = insecureFlag(process.argv),
): Promise<void> {
  const context = openContext(loadConfig(undefined, settings), name);
  const stopPublishing = publishMetrics(context, STAGE_OF[name] ?? name);
  const { witness, postgres, log } = context;
  const watching = witness.watch(postgres, name, signal, (err) =>
    log.debug({ err }, 'the mark of this process could not be written'),
  );
  try {
    const run = await load(name);
    const running = run(context, signal, reportReady);
    await Promise.race([running, watching]);
    await running;
  } catch (error) {
    if (!signal.aborted) {
      context.log.fatal({ err: error }, `${name} cannot go on`);
      throw error;
    }
  } finally {
    await stopPublishing();
    await context.close().catch(() => undefined);
  }
}

type Run = (
  context: ReturnType<typeof openContext>,
  signal: AbortSignal,
  ready: () => void,
) => Promise<void>;

/** Loaded by name, so that a process carries only what it runs. */
async function load(name: ProcessName): Promise<Run> {
  switch (name) {
    case 'stream':
      return (await import('./stream.ts')).runStream;
    case 'sink':
      return (await import('./sink.ts')).runSink;
    case 'money':
      return (await import('./money.ts')).runMoney;
    case 'jobs':
      return (await import('./jobs.ts')).runJobs;
    case 'http':
      return (await import('./http.ts')).runHttp;
  }
}
