/** The money process: books signals and fills, and sends control records from the outbox. */
import { sendDueControls } from '../../pipelines/control/outbox.ts';
import { tradesStage } from '../../pipelines/trades/trades.ts';
import { must } from '../assert.ts';
import { retryUntilCommitted } from '../postgres/postgres.ts';
import { nowMs } from '../clock.ts';
import { untilAborted } from '../lifecycle.ts';
import { bookBatch } from '../postgres/tables/booking.ts';
import { renumberDue } from '../postgres/tables/control-versions.ts';
import { dueControls, markObserved, markSent } from '../postgres/tables/outbox.ts';
import type { Context } from '../runtime/context.ts';
import { scanControls } from '../../pipelines/control/control-scan.ts';
import { agreedPartitions } from '../runtime/partition-guard.ts';
import { runStage } from './run-stage.ts';

const OUTBOX_POLL_MS = 200;
const RETRY_MS = 1_000;

export async function runMoney(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { postgres, log } = context;
  const patience = {
    signal,
    onRetry: (err: unknown) => log.warn({ err }, 'PostgreSQL did not take the batch, trying again'),
  };
  const consuming = runStage(context, {
    name: 'trades',
    signal,
    onAssigned: ready,
    make: (deps) =>
      tradesStage({
        ...deps,
        // PostgreSQL being away is no reason to give up: the batch waits, the membership is kept.
        book: (request, onRefused) =>
          retryUntilCommitted(() => bookBatch(postgres, request, onRefused), patience),
      }),
  });
  await Promise.race([consuming, runOutbox(context, signal)]);
  await consuming;
}

async function runOutbox(context: Context, signal: AbortSignal): Promise<void> {
  const { postgres, log, config, topicName, kafka } = context;
  const topics = ['ticks', 'ticks-backfill'].map(topicName);
  const partitions = await agreedPartitions(kafka, postgres, topics);
  const partitionCount = (topic: string): number =>
    must(partitions[topic], `${topic} was requested`);
  const deps = {
    due: () => dueControls(postgres),
    markSent: (sent: readonly { seq: number }[]) =>
      markSent(
        postgres,
        sent.map(({ seq }) => seq),
      ),
    log: context.outLog(),
    key: context.controlKey,
    partitionCount,
    topicName,
    nowMs,
  };
  let isScanned = false;
  const send = async (): Promise<void> => {
    // Before the first record: what the log holds already decides which versions are newer.
    if (!isScanned) await scanControls({ ...context, topic: topicName('ticks') });
    isScanned = true;
    await renumberDue(postgres);
    await sendDueControls(deps);
  };
  const observe = (): Promise<void> => markObserved(postgres, partitionCount(topicName('ticks')));
  await untilAborted(config.outbox === 'send' ? send : observe, {
    signal,
    everyMs: OUTBOX_POLL_MS,
    failedMs: RETRY_MS,
    onFailed: (err) => log.warn({ err }, 'control records wait: the outbox could not be sent'),
  });
}
