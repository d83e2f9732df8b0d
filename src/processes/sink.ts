/** The sink process: the stage of `pipelines/sink-task.ts` on real Kafka and QuestDB. */
import { sinkStage } from '../../pipelines/sink-task.ts';
import { FEATURE_NAMES } from '../features/definition.ts';
import { runConsumer } from '../adapters/kafka-consumer.ts';
import { isRetriable, untilTaken } from '../adapters/postgres.ts';
import { FailPoints, parseFailPoint } from '../stream/fail-point.ts';
import { noteBackfilled } from '../tables/postgres/backfilled.ts';
import { PostgresCheckpoints } from '../tables/postgres/checkpoints.ts';
import { noteDead } from '../tables/postgres/dead-letters.ts';
import { noteClock, noteWritten } from '../tables/postgres/log-clocks.ts';
import { noteModelHeld } from '../tables/postgres/model-activations.ts';
import { notePlaces } from '../tables/postgres/outbox.ts';
import { noteStored } from '../tables/postgres/stored-watermarks.ts';
import { noteKinds } from '../tables/postgres/unknown-kinds.ts';
import { featuresTable } from '../tables/questdb/features.ts';
import { startClock } from './clock-sender.ts';
import type { Context } from './context.ts';
import { countedCheckpoints, counter } from './counter.ts';
import { partitionGuard } from './partition-guard.ts';

export async function runSink(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, kafka, postgres, log, topicOf, groupOf } = context;
  const patience = {
    signal,
    onRetry: (err: unknown) => log.warn({ err }, 'PostgreSQL is away, the sink waits'),
  };
  const clock = startClock(context, signal);
  const stage = sinkStage({
    latenessUs: config.latenessUs,
    log: context.outLog(),
    checkpoints: countedCheckpoints(
      'sink',
      new PostgresCheckpoints(postgres, 'sink', `sink-${process.pid}`),
    ),
    writer: context.questdbWriter(),
    reader: context.questdbReader(),
    featuresTable: featuresTable(FEATURE_NAMES),
    verifyControl: context.verifyControl,
    modelHeld: (held) => untilTaken(() => noteModelHeld(postgres, held), patience),
    controlsPassed: (places) => untilTaken(() => notePlaces(postgres, places), patience),
    stored: (reached) => noteStored(postgres, reached),
    clockPassed: (passed) => noteClock(postgres, passed),
    written: (parts) => noteWritten(postgres, parts),
    clockSeen: clock.heard,
    backfilled: (parts) => untilTaken(() => noteBackfilled(postgres, parts), patience),
    noteDead: (places) => untilTaken(() => noteDead(postgres, places), patience),
    noteKinds: (kinds) => untilTaken(() => noteKinds(postgres, kinds), patience),
    topicOf,
    failPoints: new FailPoints(parseFailPoint(config.failAt)),
    count: counter('sink'),
  });
  await runConsumer(kafka, stage, {
    groupId: groupOf('sink'),
    sessionTimeoutMs: config.sessionTimeoutMs,
    topicOf,
    log,
    signal,
    mayPass: isRetriable,
    guard: await partitionGuard(context, stage.topics),
    onLookedToEnd: clock.ask,
    onAssigned: () => {
      clock.opened();
      ready();
    },
  });
}
