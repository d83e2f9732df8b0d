/** A topic's records so far, from its beginning, as values of JSON. */
import type { Bed } from '../faults/bed.ts';
import { endOffsets, withAdmin } from '../../src/kafka/kafka.ts';

/** Hands every record of the topic to `take`; resolves behind the last that is there now. */
export async function readTopic(
  { context }: Bed,
  name: string,
  take: (value: string) => void,
): Promise<void> {
  const topic = context.topicName(name);
  const ends = await withAdmin(context.kafka, (admin) => endOffsets(admin, topic));
  const open = new Map([...ends].filter(([, end]) => end > 0));
  if (open.size === 0) return;
  const groupId = `read-${name}-${performance.now()}`;
  const consumer = context.kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) reject(payload.error);
    });
    void consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        for (const { value } of batch.messages) if (value !== null) take(value.toString());
        const end = open.get(batch.partition) ?? 0;
        if (Number(batch.lastOffset()) + 1 >= end) open.delete(batch.partition);
        if (open.size === 0) resolve();
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
}
