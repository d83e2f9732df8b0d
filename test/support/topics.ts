/** A whole topic, as whoever wants to know what really lies in it reads it. */
import { endOffsets, withAdmin } from '../../src/kafka/kafka.ts';
import type { Context } from '../../src/runtime/context.ts';

/** A record as it lies in a topic. */
export interface LoggedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every record of a topic, partition by partition in order. */
export async function readTopic(context: Context, name: string): Promise<LoggedRecord[]> {
  const topic = context.topicName(name);
  const ends = await withAdmin(context.kafka, (admin) => endOffsets(admin, topic));
  const open = new Map([...ends].filter(([, end]) => end > 0));
  const records: LoggedRecord[] = [];
  if (open.size === 0) return records;
  const groupId = `dump-${name}-${process.hrtime.bigint()}`;
  const consumer = context.kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${name} could not be read`)), 60_000);
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { offset, timestamp, key, value, headers = {} } of batch.messages) {
          records.push({
            partition: batch.partition,
            offset: Number(offset),
            timestampMs: Number(timestamp),
            key: key === null ? null : key.toString(),
            value,
            headers: Object.fromEntries(Object.entries(headers).map(([h, v]) => [h, String(v)])),
          });
        }
        if (Number(batch.lastOffset()) + 1 >= (open.get(batch.partition) ?? 0)) {
          open.delete(batch.partition);
        }
        if (open.size === 0) {
          clearTimeout(limit);
          resolve();
        }
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}
