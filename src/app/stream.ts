/**
 * The stream process: the stage of `pipelines/stream/stream-task.ts` on real Kafka and PostgreSQL.
 */
import { streamStage } from '../../pipelines/stream/stream-task.ts';
import { runConsumer } from '../kafka/consumer.ts';
import { isRetriable } from '../postgres/postgres.ts';
import { FailPoints, parseFailPoint } from '../stream/fail-point.ts';
import { PostgresCheckpoints } from '../postgres/tables/checkpoints.ts';
import { PostgresModels } from '../postgres/tables/model-source.ts';
import { startClock } from '../../pipelines/control/clock-sender.ts';
import type { Context } from '../runtime/context.ts';
import { countedCheckpoints, counter } from '../runtime/counter.ts';
import { partitionGuard } from '../runtime/partition-guard.ts';

export async function runStream(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, kafka, postgres, log, topicOf, groupOf } = context;
  const clock = startClock(context, signal);
  const stage = streamStage({
    latenessUs: config.latenessUs,
    settings: {
      horizonUs: config.horizonUs,
      labelSpec: config.labelSpec,
    },
    log: context.outLog(),
    checkpoints: countedCheckpoints(
      'stream',
      new PostgresCheckpoints(postgres, 'stream', `stream-${process.pid}`),
    ),
    models: new PostgresModels(postgres, signal),
    verifyControl: context.verifyControl,
    clockSeen: clock.heard,
    topicOf,
    failPoints: new FailPoints(parseFailPoint(config.failAt)),
    count: counter('stream'),
  });
  await runConsumer(kafka, stage, {
    groupId: groupOf('stream'),
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
