/**
 * `npm start`: the whole installation on one machine, from nothing to a live page
 *
 * Servers, tables, topics, processes; then the recorded sample is replayed with sync points, then a
 * synthetic market with a planted edge up to now, and that market goes on live. Ctrl-C stops all of
 * it in order; the next start goes on where this one stopped.
 */
import { join } from 'node:path';
import { startStack, type Stack } from '../../infra/local/stack.ts';
import { readTickFiles } from '../feeds/files.ts';
import { withAdmin } from '../kafka/kafka.ts';
import { findOutage } from '../runtime/outage.ts';
import { monotonicMs } from '../clock.ts';
import { aborted, retried } from '../lifecycle.ts';
import { PROJECT_DIR } from '../code-files.ts';
import { CONFIG_EXIT_CODE, ConfigError, loadConfig, type Config } from '../config/config.ts';
import { FEATURE_NAMES } from '../features/definition.ts';
import { loadTls } from '../http/exposure.ts';
import { openContext, type Context } from '../runtime/context.ts';
import { runFeed } from '../../pipelines/feed/feeding.ts';
import { publishMetrics } from '../runtime/publish-metrics.ts';
import { liveMarket, SYNTHETIC_VENUE } from '../../pipelines/feed/live-market.ts';
import { insecureFlag, PROCESSES } from './run.ts';
import { sampleFiles } from '../feeds/sample.ts';
import { seedInstallation } from './seed.ts';
import { readSetting, writeSetting } from '../postgres/tables/settings.ts';
import { drained } from '../runtime/drained.ts';
import { summary } from './summary.ts';
import { Supervisor } from './supervisor.ts';
import { createTopics } from '../runtime/topics.ts';
import { migrateUp } from '../postgres/tables/migrate.ts';
import { migrateQuestDb } from '../questdb/tables/schema.ts';

const READY_MS = 120_000;
const AWAY_MS = 2_000;
const print = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const config = loadConfig(undefined, insecureFlag(process.argv));
  loadTls(config);
  const controller = new AbortController();
  const { signal } = controller;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!signal.aborted) print('\nstopping in order …');
      controller.abort();
    });
  }
  const supervisor = new Supervisor({ dataDir: config.dataDir, notify: print });
  let stack: Stack | null = null;
  let context: Context | null = null;
  let stopPublishing = async (): Promise<void> => undefined;
  try {
    print('tickloom: starting Kafka, QuestDB, PostgreSQL and Redis');
    stack = await startStack(config, {
      onProgress: (line) => print(`  ${line}`),
      // Without one of its servers the flow only waits: stopping says so at once.
      onExit: (server, message) => {
        console.error(`${server} does not stay up: ${message}`);
        process.exitCode = 1;
        controller.abort();
      },
      signal,
    });
    context = openContext(config, 'main');
    await prepare(context);
    stopPublishing = publishMetrics(context, 'feed');
    print(`starting the processes: ${PROCESSES.join(', ')}`);
    await Promise.race([supervisor.start(PROCESSES, READY_MS), aborted(signal)]);
    signal.throwIfAborted();
    print(`\ntickloom is ready: ${pageUrl(config)}\n`);
    // Whatever the feed waits for: Ctrl-C does not.
    const feeding = feedThrough(context, signal);
    feeding.catch(() => undefined);
    await Promise.race([feeding, aborted(signal)]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await supervisor.stop();
    await stopPublishing();
    await context?.close().catch(() => undefined);
    await stack?.stop();
    if (signal.aborted) print('stopped');
  }
}

const pageUrl = ({ httpHost, httpPort, httpTlsCert }: Config): string =>
  `${httpTlsCert === null ? 'http' : 'https'}://${httpHost}:${httpPort}/`;

async function prepare(context: Context): Promise<void> {
  const { config, kafka, postgres, topicName } = context;
  const applied = await migrateUp(postgres);
  await migrateQuestDb(context.questdbReader(), { features: FEATURE_NAMES });
  const topics = await createTopics(kafka, { partitions: config.partitions, topicName });
  for (const note of await seedInstallation(postgres, config)) print(note);
  context.controlKey();
  const created = topics.filter((topic) => topic.created).length;
  print(`tables: ${applied.length} migrations applied; topics: ${created} created`);
  await withAdmin(kafka, (admin) => admin.describeCluster());
}

/** Goes on from where the tables are, however often a server is away meanwhile. */
async function feedThrough(context: Context, signal: AbortSignal): Promise<void> {
  await retried(() => feedEverything(context, signal), {
    signal,
    isTransient: (error) => findOutage(error) !== null,
    onRetry: (error) =>
      print(`a server is away (${(error as Error).message}); the feed goes on when it is back`),
    pauseMs: AWAY_MS,
  });
}

async function feedEverything(context: Context, signal: AbortSignal): Promise<void> {
  const startMs = monotonicMs();
  await replaySample(context, signal);
  signal.throwIfAborted();
  const market = await liveMarket(context);
  if (market.behindUs > 0) {
    print(`replaying the synthetic market ${market.symbol} up to now (a planted edge to be found)`);
    await runFeed(context, {
      source: market.pastTicks(),
      notify: progress,
      syncPoints: true,
      open: true,
      signal,
    });
    signal.throwIfAborted();
  }
  await drained(context, 60_000);
  const seconds = Math.round((monotonicMs() - startMs) / 1000);
  print(await summary(context, pageUrl(context.config), seconds));
  print(`the market ${SYNTHETIC_VENUE}:${market.symbol} goes on live; Ctrl-C stops everything`);
  await runFeed(context, {
    source: market.liveTicks(signal),
    notify: () => undefined,
    speed: 1_000_000,
    open: true,
    signal,
  });
}

async function replaySample({ postgres, ...rest }: Context, signal: AbortSignal): Promise<void> {
  const context = { postgres, ...rest };
  if ((await readSetting(postgres, 'sample_replayed')) === true) {
    print('the recorded sample is in the tables already');
    return;
  }
  const { paths, format, venue, symbol } = sampleFiles(join(PROJECT_DIR, 'data', 'sample'));
  print(`replaying ${paths.length} recorded days of ${symbol} (${venue}, 2014), as they happened`);
  const source = readTickFiles(paths, format, { venue, symbol });
  await runFeed(context, { source, notify: progress, syncPoints: true, signal });
  signal.throwIfAborted();
  await writeSetting(postgres, 'sample_replayed', true);
}

const progress = (line: string): void => print(`  ${line}`);

try {
  await main();
} catch (error) {
  const { message } = error as Error;
  console.error(error instanceof ConfigError ? message : `tickloom: ${message}`);
  process.exitCode = error instanceof ConfigError ? CONFIG_EXIT_CODE : 1;
}
setTimeout(() => process.exit(), 3_000).unref();
