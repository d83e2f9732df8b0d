/**
 * A stage as a process: what every stage is given of real Kafka and PostgreSQL, and its member of
 * the consumer group until the process is to end.
 */
import { startClock } from '../../pipelines/control/clock-sender.ts';
import type { TickDeps } from '../../pipelines/stream/tick-task.ts';
import { runConsumer, type ConsumerOptions } from '../kafka/consumer.ts';
import { isRetriable } from '../postgres/postgres.ts';
import { PostgresCheckpoints } from '../postgres/tables/checkpoints.ts';
import type { Context } from '../runtime/context.ts';
import { countedCheckpoints, counter } from '../runtime/counter.ts';
import { partitionGuard } from '../runtime/partition-guard.ts';
import type { StageDeps } from '../stream/claimed-task.ts';
import { FailPoints, parseFailPoint } from '../stream/fail-point.ts';
import type { Stage } from '../stream/stage.ts';

interface StageRun<Deps> extends Pick<ConsumerOptions, 'signal' | 'onAssigned' | 'onLookedToEnd'> {
  readonly name: string;
  /** The stage, of what all of its kind are given. */
  readonly make: (deps: Deps) => Stage;
}

/** Runs until the signal is aborted. A PostgreSQL that is away is waited for. */
export async function runStage(
  context: Context,
  { name, make, ...run }: StageRun<StageDeps>,
): Promise<void> {
  const { config, kafka, postgres, log, topicName, groupId } = context;
  const saved = new PostgresCheckpoints(postgres, name, `${name}-${process.pid}`);
  const stage = make({
    checkpoints: countedCheckpoints(name, saved),
    count: counter(name),
    log: context.outLog(),
    topicName,
  });
  await runConsumer(kafka, stage, {
    groupId: groupId(name),
    sessionTimeoutMs: config.sessionTimeoutMs,
    topicName,
    log,
    isTransient: isRetriable,
    guard: await partitionGuard(context, stage.topics),
    ...run,
  });
}

/** The same for a stage of ticks: it hears the log's clock, and has the next one put into it. */
export async function runTickStage(
  context: Context,
  { signal, make, onAssigned, ...run }: StageRun<TickDeps>,
): Promise<void> {
  const { config, verifyControl } = context;
  const clock = startClock(context, signal);
  const ticks = {
    latenessUs: config.latenessUs,
    verifyControl,
    clockSeen: clock.heard,
    failPoints: new FailPoints(parseFailPoint(config.failAt)),
  };
  await runStage(context, {
    ...run,
    signal,
    make: (deps) => make({ ...deps, ...ticks }),
    onLookedToEnd: clock.ask,
    onAssigned: (partitions) => {
      clock.opened();
      onAssigned?.(partitions);
    },
  });
}
