/** What a consumer owes its stage's tasks: their own position decides, on a real broker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { committedOffsets, endOffsets, withAdmin } from '../../src/kafka/kafka.ts';
import { runConsumer, type ConsumerOptions } from '../../src/kafka/consumer.ts';
import { sleep } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import type { LogRecord, PartitionTask, Stage } from '../../src/stream/stage.ts';

const RECORDS = 10;
const PATIENCE_MS = 60_000;

/** Takes down the offsets that it is given. */
class Noting implements PartitionTask {
  position: number;
  readonly offsets: number[] = [];
  hasEndReport = true;

  constructor(position: number) {
    this.position = position;
  }

  process(records: readonly { readonly offset: number }[]): Promise<void> {
    for (const { offset } of records) {
      this.offsets.push(offset);
      this.position = offset + 1;
    }
    return Promise.resolve();
  }

  announce(): Promise<void> {
    return this.hasEndReport ? Promise.resolve() : Promise.reject(new Error('not reported yet'));
  }
}

/** Waits in front of its fourth record for the last one. */
class Waiting extends Noting {
  isLookingAhead = false;
  readonly looked: number[] = [];
  private isFound = false;

  override async process(records: readonly LogRecord[]): Promise<void> {
    const ready = this.isFound ? records : records.filter(({ offset }) => offset < 3);
    this.isLookingAhead = ready.length < records.length;
    await super.process(ready);
  }

  lookAhead(records: readonly LogRecord[]): boolean {
    this.looked.push(...records.map(({ offset }) => offset));
    this.isFound = records.some(({ value }) => value?.toString() === 'marker');
    return this.isFound;
  }
}

describe('a consumer', () => {
  let context: Context;
  let names = 0;

  beforeAll(() => {
    context = openContext(loadConfig(), 'test');
  });
  afterAll(() => context.close());

  /** A topic of its own with ten records in one partition. */
  async function createTopicOfTen(): Promise<string> {
    const topic = `consumer-test-${process.pid}-${(names += 1)}`;
    await withAdmin(context.kafka, (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] }),
    );
    const record = { topic, key: null, value: 'x', timestampMs: 1, partition: 0 };
    await context.outLog().append(Array.from({ length: RECORDS }, () => record));
    return topic;
  }

  /** One record and, as the next offset, the end of its transaction. */
  async function inTransaction(topic: string, value: string): Promise<void> {
    const producer = context.kafka.producer({
      transactionalId: `${topic}-transaction`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value, partition: 0 }] });
    await transaction.commit();
    await producer.disconnect();
  }

  /** Until the task has come to the end and `isDone`, or the consumer has failed. */
  async function consume(
    topic: string,
    task: PartitionTask,
    isDone: () => Promise<boolean> = () => Promise.resolve(true),
    own: Partial<Stage> & Pick<ConsumerOptions, 'onLookedToEnd'> = {},
  ): Promise<void> {
    const over = new AbortController();
    const { onLookedToEnd = () => undefined, ...ofStage } = own;
    const open = (): Promise<PartitionTask> => Promise.resolve(task);
    const stage: Stage = { name: 'noting', topics: [topic], open, ...ofStage };
    const ended = runConsumer(context.kafka, stage, {
      groupId: `${topic}-group`,
      topicName: (name) => name,
      log: context.log.child({}, { level: 'silent' }),
      signal: over.signal,
      isTransient: () => true,
      onLookedToEnd,
    }).finally(() => over.abort());
    ended.catch(() => undefined);
    const limit = setTimeout(() => over.abort(), PATIENCE_MS);
    while (!over.signal.aborted && (task.position < RECORDS || !(await isDone()))) await sleep(50);
    clearTimeout(limit);
    over.abort();
    await ended;
  }

  const committed = (topic: string): Promise<number> =>
    withAdmin(context.kafka, async (admin) => {
      const offsets = await committedOffsets(admin, `${topic}-group`, topic);
      return offsets.get(0) ?? 0;
    });

  const commit = (topic: string, offset: string): Promise<void> =>
    withAdmin(context.kafka, (admin) =>
      admin.setOffsets({
        groupId: `${topic}-group`,
        topic,
        partitions: [{ partition: 0, offset }],
      }),
    );

  test('goes on where the task stands, although the group has come further', async () => {
    const topic = await createTopicOfTen();
    await commit(topic, '8');
    const task = new Noting(4);
    await consume(topic, task);
    expect(task.offsets).toEqual([4, 5, 6, 7, 8, 9]);
    expect(await committed(topic)).toBe(RECORDS);
  });

  test('ends when the log no longer holds what the task needs', async () => {
    const topic = await createTopicOfTen();
    await withAdmin(context.kafka, async (admin) => {
      // Without it the client does not know where the partition lies.
      await endOffsets(admin, topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7' }] });
    });
    const task = new Noting(3);
    await expect(consume(topic, task)).rejects.toThrow('no longer holds offset 3 (it begins at 7)');
    expect(task.offsets).toEqual([]);
  });

  test('commits no offset before the task has told how far it came', async () => {
    const topic = await createTopicOfTen();
    const task = new Noting(0);
    task.hasEndReport = false;
    const seen: number[] = [];
    await consume(topic, task, async () => {
      seen.push(await committed(topic));
      task.hasEndReport = seen.length > 5;
      return seen.at(-1) === RECORDS;
    });
    expect(seen.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(seen.at(-1)).toBe(RECORDS);
  });

  test('looks ahead of a record that waits, to the end, and goes back to it once it has found', async () => {
    const topic = await createTopicOfTen();
    const task = new Waiting(0);
    const seen: number[] = [];
    const onLookedToEnd = async (): Promise<void> => {
      while (seen.at(-1) !== 3) seen.push(await committed(topic));
      seen.push(task.position);
      // In a transaction: its end has an offset too, and moves nothing.
      await inTransaction(topic, task.looked.at(-1) === 9 ? 'x' : 'marker');
    };
    await consume(topic, task, async () => (await committed(topic)) === 14, {
      recordsMax: 2,
      onLookedToEnd,
    });
    // The first four in chunks of two; what was looked at is each record once, in order.
    expect(task.looked).toEqual([4, 5, 6, 7, 8, 9, 10, 12]);
    expect(task.offsets).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]);
    expect(seen.slice(-1)).toEqual([3]);
  });
});
