/** The stream process: the stage of `pipelines/stream/stream-task.ts` on real Kafka and PostgreSQL. */
import { streamStage } from '../../pipelines/stream/stream-task.ts';
import { PostgresModels } from '../postgres/tables/model-source.ts';
import type { Context } from '../runtime/context.ts';
import { runTickStage } from './run-stage.ts';

export async function runStream(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { horizonUs, labelSpec } = context.config;
  await runTickStage(context, {
    name: 'stream',
    signal,
    onAssigned: ready,
    make: (deps) =>
      streamStage({
        ...deps,
        settings: { horizonUs, labelSpec },
        models: new PostgresModels(context.postgres, signal),
      }),
  });
}
