/** A topic that is deleted and made anew under a stage, trimmed, or older than its markers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOffsets, withAdmin } from '../../src/kafka/kafka.ts';
import { runConsumer } from '../../src/kafka/consumer.ts';
import { sleep } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';
import type { LogMarker } from '../../src/stream/log-marker.ts';
import type { LogRecord, PartitionTask, Stage } from '../../src/stream/stage.ts';

const RECORDS = 10;
const PATIENCE_MS = 60_000;
const SIZES = { fewer: 4, equal: RECORDS, more: 30 };

/** Takes down the values that it is given. */
class Noting implements PartitionTask {
  position = 0;
  marker: LogMarker | null = null;
  readonly values: string[] = [];

  constructor(from?: Pick<PartitionTask, 'position' | 'marker'>) {
    if (from === undefined) return;
    this.position = from.position;
    this.marker = from.marker ?? null;
  }

  process(records: readonly LogRecord[]): Promise<void> {
    for (const { offset, value } of records) {
      this.values.push(String(value));
      this.position = offset + 1;
    }
    return Promise.resolve();
  }
}

describe('a stage whose topic', () => {
  let context: Context;
  let names = 0;

  beforeAll(() => {
    context = openContext(loadConfig(), 'test');
  });
  afterAll(() => context.close());

  const create = (topic: string) =>
    withAdmin(context.kafka, (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1 }] }),
    );

  async function fill(topic: string, name: string, count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, i) => ({
      ...{ topic, key: null, value: `${name} ${i}`, timestampMs: 1, partition: 0 },
    }));
    // A producer of its own: another one remembers what it has sent to the topic of that name.
    const out = openContext(loadConfig(), 'test');
    await out.outLog().append(records);
    await out.close();
  }

  async function newTopic(): Promise<string> {
    const topic = `swapped-test-${process.pid}-${(names += 1)}`;
    await create(topic);
    await fill(topic, 'old', RECORDS);
    return topic;
  }

  async function swap(topic: string, count: number): Promise<void> {
    await withAdmin(context.kafka, async (admin) => {
      await admin.deleteTopics({ topics: [topic] });
      while ((await admin.listTopics()).includes(topic)) await sleep(50);
    });
    // Made anew and filled within half a second, between two fetches, is what nobody notices.
    await sleep(1_000);
    await create(topic);
    await fill(topic, 'new', count);
  }

  /** Until `isDone`, or the consumer has ended by itself: its error, or null. */
  async function consume(
    topic: string,
    task: PartitionTask,
    isDone: () => Promise<boolean>,
  ): Promise<string | null> {
    const over = new AbortController();
    const stage: Stage = { name: 'noting', topics: [topic], open: () => Promise.resolve(task) };
    let why: string | null = null;
    const ended = runConsumer(context.kafka, stage, {
      groupId: `${topic}-group`,
      topicName: (name) => name,
      log: context.log.child({}, { level: 'silent' }),
      signal: over.signal,
      isTransient: () => true,
    })
      .catch((error: Error) => {
        why = error.message;
      })
      .finally(() => over.abort());
    const limit = setTimeout(() => over.abort(), PATIENCE_MS);
    while (!over.signal.aborted && !(await isDone())) await sleep(50);
    clearTimeout(limit);
    over.abort();
    await ended;
    return why;
  }

  const never = (): Promise<boolean> => Promise.resolve(false);
  const readTo = (task: PartitionTask, end: number) => (): Promise<boolean> =>
    Promise.resolve(task.position >= end);

  test.each(Object.entries(SIZES))(
    'is made anew with %s records while it is stopped stops and reads nothing',
    async (_, size) => {
      const topic = await newTopic();
      const before = new Noting();
      expect(await consume(topic, before, readTo(before, RECORDS))).toBeNull();
      await swap(topic, size);
      const task = new Noting(before);
      const why = await consume(topic, task, never);
      expect(why).toMatch(new RegExp(`^${topic}/0 is not as this stage has left it: .* accept`));
      expect(task.values).toEqual([]);
    },
  );

  test.each(Object.entries(SIZES))(
    'is made anew with %s records while it runs stops and reads nothing of it',
    async (_, size) => {
      const topic = await newTopic();
      const task = new Noting();
      const swapped: Promise<void>[] = [];
      const why = await consume(topic, task, () => {
        if (task.position === RECORDS && swapped.length === 0) swapped.push(swap(topic, size));
        return never();
      });
      await Promise.all(swapped);
      expect(why).toMatch(`${topic}/0 is not as this stage has left it`);
      expect(task.values).toEqual(Array.from({ length: RECORDS }, (_value, i) => `old ${i}`));
    },
  );

  test('was trimmed to the position goes on; one that became empty stops', async () => {
    const topic = await newTopic();
    const before = new Noting();
    await consume(topic, before, readTo(before, RECORDS));
    await withAdmin(context.kafka, async (admin) => {
      // Without it the client does not know where the partition lies.
      await endOffsets(admin, topic);
      const partitions = [{ partition: 0, offset: String(RECORDS) }];
      await admin.deleteTopicRecords({ topic, partitions });
    });
    await fill(topic, 'later', 2);
    const task = new Noting(before);
    expect(await consume(topic, task, readTo(task, RECORDS + 2))).toBeNull();
    expect(task.values).toEqual(['later 0', 'later 1']);
    await swap(topic, 0);
    const why = await consume(topic, new Noting(task), never);
    expect(why).toMatch('it ends at 0, and this stage has read to 12');
  });

  test('has no marker takes the record that it finds, and is held to it from then on', async () => {
    const topic = await newTopic();
    const task = new Noting({ position: RECORDS, marker: null });
    const isAdopted = (): Promise<boolean> => Promise.resolve(task.marker !== null);
    expect(await consume(topic, task, isAdopted)).toBeNull();
    expect([task.marker?.offset, task.values]).toEqual([RECORDS - 1, []]);
    await swap(topic, RECORDS);
    expect(await consume(topic, new Noting(task), never)).toMatch('expected at 9 the record');
  });
});
