/** The money process: books signals and fills, and sends control records from the outbox. */
import { sendDueControls } from '../../pipelines/outbox.ts';
import { tradesStage } from '../../pipelines/trades.ts';
import { runConsumer } from '../adapters/kafka-consumer.ts';
import { isRetriable } from '../adapters/postgres.ts';
import { nowMs, sleep } from '../clock.ts';
import { bookBatch, type BookRequest } from '../tables/postgres/booking.ts';
import { PostgresCheckpoints } from '../tables/postgres/checkpoints.ts';
import { dueControls, markSent } from '../tables/postgres/outbox.ts';
import type { Context } from './context.ts';
import { counter } from './counter.ts';

const OUTBOX_POLL_MS = 200;
const RETRY_MS = 1_000;

export async function runMoney(
  context: Context,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const { kafka, postgres, log, topicOf, groupOf } = context;
  const stage = tradesStage({
    checkpoints: new PostgresCheckpoints(postgres, 'trades', `trades-${process.pid}`),
    book: (request) => bookPatiently(context, request, signal),
    count: counter('trades'),
  });
  const consuming = runConsumer(kafka, stage, {
    groupId: groupOf('trades'),
    topicOf,
    log,
    signal,
    onAssigned: ready,
  });
  await Promise.race([consuming, runOutbox(context, signal)]);
  await consuming;
}

/** PostgreSQL being away is no reason to give up: the batch waits, and the membership is kept. */
async function bookPatiently(
  { postgres, log }: Context,
  request: BookRequest,
  signal: AbortSignal,
): Promise<'booked' | 'fenced'> {
  for (;;) {
    try {
      return await bookBatch(postgres, request);
    } catch (error) {
      if (!isRetriable(error) || signal.aborted) throw error;
      log.warn({ err: error }, 'PostgreSQL did not take the batch, trying again');
      await sleep(RETRY_MS, signal);
    }
  }
}

async function runOutbox(context: Context, signal: AbortSignal): Promise<void> {
  const { postgres, log, config, topicOf } = context;
  const deps = {
    due: () => dueControls(postgres),
    markSent: (sent: readonly { seq: number }[]) =>
      markSent(
        postgres,
        sent.map(({ seq }) => seq),
      ),
    log: context.outLog(),
    key: context.controlKey(),
    partitions: config.partitions,
    topicOf,
    nowMs,
  };
  while (!signal.aborted) {
    try {
      await sendDueControls(deps);
      await sleep(OUTBOX_POLL_MS, signal);
    } catch (error) {
      log.warn({ err: error }, 'control records wait: the outbox could not be sent');
      await sleep(RETRY_MS, signal);
    }
  }
}
