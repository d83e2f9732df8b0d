/** The sink process: the stage of `pipelines/sink/sink-task.ts` on real Kafka and QuestDB. */
import type { Pool } from 'pg';
import { sinkStage } from '../../pipelines/sink/sink-task.ts';
import { FEATURE_NAMES } from '../features/definition.ts';
import { retryUntilCommitted } from '../postgres/postgres.ts';
import { noteBackfilled } from '../postgres/tables/backfilled.ts';
import { noteDead } from '../postgres/tables/dead-letters.ts';
import { noteClock, noteWritten } from '../postgres/tables/log-clocks.ts';
import { noteModelHeld } from '../postgres/tables/model-activations.ts';
import { notePlaces } from '../postgres/tables/outbox.ts';
import { noteStored } from '../postgres/tables/stored-watermarks.ts';
import { noteKinds } from '../postgres/tables/unknown-kinds.ts';
import { featuresTable } from '../questdb/tables/features.ts';
import type { Context } from '../runtime/context.ts';
import { runTickStage } from './run-stage.ts';

export async function runSink(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { postgres, log } = context;
  const patience = {
    signal,
    onRetry: (err: unknown) => log.warn({ err }, 'PostgreSQL is away, the sink waits'),
  };
  /** What is noted with a batch: the batch waits for it. */
  const noting =
    <T>(note: (pool: Pool, all: T) => Promise<void>) =>
    (all: T): Promise<void> =>
      retryUntilCommitted(() => note(postgres, all), patience);
  await runTickStage(context, {
    name: 'sink',
    signal,
    onAssigned: ready,
    make: (deps) =>
      sinkStage({
        ...deps,
        writer: context.questdbWriter(),
        reader: context.questdbReader(),
        featuresTable: featuresTable(FEATURE_NAMES),
        modelHeld: noting(noteModelHeld),
        controlsPassed: noting(notePlaces),
        backfilled: noting(noteBackfilled),
        noteDead: noting(noteDead),
        noteKinds: noting(noteKinds),
        stored: (reached) => noteStored(postgres, reached),
        clockPassed: (passed) => noteClock(postgres, passed),
        written: (parts) => noteWritten(postgres, parts),
      }),
  });
}
