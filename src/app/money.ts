/** The money process: books signals and fills, and sends control records from the outbox. */
import { sendDueControls } from '../../pipelines/control/outbox.ts';
import { tradesStage } from '../../pipelines/trades/trades.ts';
import { runConsumer } from '../kafka/consumer.ts';
import { must } from '../assert.ts';
import { isRetriable, retryUntilCommitted } from '../postgres/postgres.ts';
import { nowMs, sleep } from '../clock.ts';
import { bookBatch } from '../postgres/tables/booking.ts';
import { PostgresCheckpoints } from '../postgres/tables/checkpoints.ts';
import { renumberDue } from '../postgres/tables/control-versions.ts';
import { dueControls, markObserved, markSent } from '../postgres/tables/outbox.ts';
import type { Context } from '../runtime/context.ts';
import { scanControls } from '../../pipelines/control/control-scan.ts';
import { countedCheckpoints, counter } from '../runtime/counter.ts';
import { agreedPartitions, partitionGuard } from '../runtime/partition-guard.ts';

const OUTBOX_POLL_MS = 200;
const RETRY_MS = 1_000;

export async function runMoney(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { config, kafka, postgres, log, topicOf, groupOf } = context;
  const stage = tradesStage({
    checkpoints: countedCheckpoints(
      'trades',
      new PostgresCheckpoints(postgres, 'trades', `trades-${process.pid}`),
    ),
    // PostgreSQL being away is no reason to give up: the batch waits, the membership is kept.
    book: (request, onRefused) =>
      retryUntilCommitted(() => bookBatch(postgres, request, onRefused), {
        signal,
        onRetry: (err) => log.warn({ err }, 'PostgreSQL did not take the batch, trying again'),
      }),
    log: context.outLog(),
    topicOf,
    count: counter('trades'),
  });
  const consuming = runConsumer(kafka, stage, {
    groupId: groupOf('trades'),
    sessionTimeoutMs: config.sessionTimeoutMs,
    topicOf,
    log,
    signal,
    isTransient: isRetriable,
    guard: await partitionGuard(context, stage.topics),
    onAssigned: ready,
  });
  await Promise.race([consuming, runOutbox(context, signal)]);
  await consuming;
}

async function runOutbox(context: Context, signal: AbortSignal): Promise<void> {
  const { postgres, log, config, topicOf, kafka } = context;
  const topics = ['ticks', 'ticks-backfill'].map(topicOf);
  const partitions = await agreedPartitions(kafka, postgres, topics);
  const partitionsOf = (topic: string): number => must(partitions[topic], `${topic} was asked for`);
  const deps = {
    due: () => dueControls(postgres),
    markSent: (sent: readonly { seq: number }[]) =>
      markSent(
        postgres,
        sent.map(({ seq }) => seq),
      ),
    log: context.outLog(),
    key: context.controlKey,
    partitionsOf,
    topicOf,
    nowMs,
  };
  let isScanned = false;
  while (!signal.aborted) {
    try {
      if (config.outbox === 'send') {
        // Before the first record: what the log holds already decides which versions are newer.
        if (!isScanned) await scanControls({ ...context, topic: topicOf('ticks') });
        isScanned = true;
        await renumberDue(postgres);
        await sendDueControls(deps);
      } else await markObserved(postgres, partitionsOf(topicOf('ticks')));
      await sleep(OUTBOX_POLL_MS, signal);
    } catch (error) {
      log.warn({ err: error }, 'control records wait: the outbox could not be sent');
      await sleep(RETRY_MS, signal);
    }
  }
}
