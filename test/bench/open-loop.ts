/**
 * Records sent at times that were fixed before, whatever becomes of the earlier ones. What waits
 * because something stalls is late by the whole of its wait: nothing is left out of the picture.
 */
import type { Kafka, Message } from 'kafkajs';
import { Partitioners } from '../../src/kafka/kafkajs.ts';
import { assert } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';

export interface Planned {
  readonly topic: string;
  readonly message: Message;
}

export interface OpenLoop {
  readonly kafka: Kafka;
  readonly perS: number;
  /** Asked for every record in its turn, with the time at which it is meant to be sent. */
  readonly next: (i: number, intendedMs: number) => Planned | null;
  /** Ends the loop as well as `next` giving null. */
  readonly signal?: AbortSignal;
}

/** Sends until there is no next one; resolves once all are acknowledged, with their number. */
export async function openLoop({ kafka, perS, next, signal }: OpenLoop): Promise<number> {
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = kafka.producer({ createPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  const open = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  const startMs = performance.now();
  const isStopped = (): boolean => signal?.aborted === true;
  let sent = 0;
  for (let ended = false; !ended && !isStopped();) {
    const byTopic = new Map<string, Message[]>();
    const dueMs = performance.now() - startMs;
    for (; (sent * 1_000) / perS <= dueMs; sent++) {
      const planned = next(sent, startMs + (sent * 1_000) / perS);
      if (planned === null) {
        ended = true;
        break;
      }
      const messages = byTopic.get(planned.topic) ?? [];
      byTopic.set(planned.topic, messages);
      messages.push(planned.message);
    }
    for (const [topic, messages] of byTopic) {
      const sending: Promise<unknown> = producer
        .send({ topic, messages, acks: -1 })
        .catch((error: unknown) => failures.push(error))
        .finally(() => open.delete(sending));
      open.add(sending);
    }
    // A timer of Node fires after a millisecond and more: that is in the latency of both.
    await sleep(1);
  }
  await Promise.all(open);
  await producer.disconnect();
  assert(failures.length === 0, `every record is sent; the first failure: ${String(failures[0])}`);
  return sent;
}
