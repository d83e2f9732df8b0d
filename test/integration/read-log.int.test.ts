/** A range of a partition, read with its headers, beside partitions that nobody asked for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLog, type LogRange, type ReadRecord } from '../../src/kafka/read-log.ts';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { loadConfig } from '../../src/config/config.ts';
import { openContext, type Context } from '../../src/runtime/context.ts';

const TOPIC = 'read-log-test';

describe('a range of a log', () => {
  let context: Context;

  beforeAll(async () => {
    context = openContext(loadConfig(), 'test');
    await withAdmin(context.kafka, (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: 2 }] }),
    );
    const records = [0, 1].flatMap((partition) =>
      Array.from({ length: 40 }, (_, i) => ({
        ...{ topic: TOPIC, partition, key: i === 5 ? null : `k${i}`, timestampMs: 1000 + i },
        value: i === 6 ? null : Buffer.from([i, 0, 255]),
        headers: { reason: `r${i}` },
      })),
    );
    await context.outLog().append(records);
  });
  afterAll(async () => {
    await withAdmin(context.kafka, (admin) => admin.deleteTopics({ topics: [TOPIC] }));
    await context.close();
  });

  const read = async (range: Omit<LogRange, 'topic'>): Promise<ReadRecord[]> => {
    const records: ReadRecord[] = [];
    await readLog(context.kafka, { topic: TOPIC, ...range }, (record) => records.push(record));
    return records;
  };

  test('comes in order with its headers and bytes, and no record before or behind it', async () => {
    const records = await read({ partition: 1, from: 5, to: 9 });
    expect(records.map(({ offset }) => offset)).toEqual([5, 6, 7, 8]);
    expect(records[0]).toEqual({
      ...{ partition: 1, offset: 5, timestampMs: 1005, key: null },
      ...{ value: Buffer.from([5, 0, 255]), headers: { reason: 'r5' } },
    });
    expect(records[1]).toMatchObject({ key: Buffer.from('k6'), value: null });
  });

  test('ends at the end of the log, and is nothing behind it', async () => {
    expect((await read({ partition: 0, from: 38, to: 1_000 })).length).toBe(2);
    expect((await read({ partition: 0 })).length).toBe(40);
    expect(await read({ partition: 0, from: 40 })).toEqual([]);
    expect(await read({ partition: 0, from: 9, to: 9 })).toEqual([]);
    await expect(read({ partition: 7 })).rejects.toThrow(`${TOPIC} has no partition 7`);
  });

  test('is not read on once its taker has refused a record, and leaves no group behind', async () => {
    const refuse = ({ offset }: ReadRecord): void => {
      if (offset === 3) throw new Error('not this one');
    };
    const range = { topic: TOPIC, partition: 0 };
    await expect(readLog(context.kafka, range, refuse)).rejects.toThrow('not this one');
    const { groups } = await withAdmin(context.kafka, (admin) => admin.listGroups());
    expect(groups.filter(({ groupId }) => groupId.startsWith('tickloom-read-'))).toEqual([]);
  });
});
