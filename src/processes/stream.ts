/** The stream process: the stage of `pipelines/stream-task.ts` on real Kafka and PostgreSQL. */
import { streamStage } from '../../pipelines/stream-task.ts';
import { runConsumer } from '../adapters/kafka-consumer.ts';
import { isRetriable } from '../adapters/postgres.ts';
import { FailPoints, parseFailPoint } from '../stream/fail-point.ts';
import { PostgresCheckpoints } from '../tables/postgres/checkpoints.ts';
import { PostgresModels } from '../tables/postgres/model-source.ts';
import { startClock } from './clock-sender.ts';
import type { Context } from './context.ts';
import { countedCheckpoints, counter } from './counter.ts';
import { partitionGuard } from './partition-guard.ts';

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
    mayPass: isRetriable,
    guard: await partitionGuard(context, stage.topics),
    onLookedToEnd: clock.ask,
    onAssigned: () => {
      clock.opened();
      ready();
    },
  });
}
