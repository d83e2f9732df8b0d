/** The sink process: the stage of `pipelines/sink/sink-task.ts` on real Kafka and QuestDB. */
import { sinkStage } from '../../pipelines/sink/sink-task.ts';
import { FEATURE_NAMES } from '../features/definition.ts';
import { runConsumer } from '../kafka/consumer.ts';
import { isRetriable, retryUntilCommitted } from '../postgres/postgres.ts';
import { FailPoints, parseFailPoint } from '../stream/fail-point.ts';
import { noteBackfilled } from '../postgres/tables/backfilled.ts';
import { PostgresCheckpoints } from '../postgres/tables/checkpoints.ts';
import { noteDead } from '../postgres/tables/dead-letters.ts';
import { noteClock, noteWritten } from '../postgres/tables/log-clocks.ts';
import { noteModelHeld } from '../postgres/tables/model-activations.ts';
import { notePlaces } from '../postgres/tables/outbox.ts';
import { noteStored } from '../postgres/tables/stored-watermarks.ts';
import { noteKinds } from '../postgres/tables/unknown-kinds.ts';
import { featuresTable } from '../questdb/tables/features.ts';
import { startClock } from '../../pipelines/control/clock-sender.ts';
import type { Context } from '../runtime/context.ts';
import { countedCheckpoints, counter } from '../runtime/counter.ts';
import { partitionGuard } from '../runtime/partition-guard.ts';

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
    modelHeld: (held) => retryUntilCommitted(() => noteModelHeld(postgres, held), patience),
    controlsPassed: (places) => retryUntilCommitted(() => notePlaces(postgres, places), patience),
    stored: (reached) => noteStored(postgres, reached),
    clockPassed: (passed) => noteClock(postgres, passed),
    written: (parts) => noteWritten(postgres, parts),
    clockSeen: clock.heard,
    backfilled: (parts) => retryUntilCommitted(() => noteBackfilled(postgres, parts), patience),
    noteDead: (places) => retryUntilCommitted(() => noteDead(postgres, places), patience),
    noteKinds: (kinds) => retryUntilCommitted(() => noteKinds(postgres, kinds), patience),
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
    isTransient: isRetriable,
    guard: await partitionGuard(context, stage.topics),
    onLookedToEnd: clock.ask,
    onAssigned: () => {
      clock.opened();
      ready();
    },
  });
}
