/**
 * Kafka as a stage sees it: partitions that only grow. A crash while records are appended leaves in
 * each partition the first few of those that were for it.
 */
import { must } from '../../src/assert.ts';
import type { LogRecord, OutLog, OutRecord } from '../../src/stream/stage.ts';
import type { Faults } from './faults.ts';
import { PARTITIONS } from './world.ts';

export class FakeLog {
  /** Records by topic and partition. */
  readonly partitions = new Map<string, LogRecord[]>();

  /** Another log with the same records, and its own from then on. */
  copy(): FakeLog {
    const copy = new FakeLog();
    for (const [where, records] of this.partitions) copy.partitions.set(where, [...records]);
    return copy;
  }

  append({ topic, key, value, timestampMs, headers, partition }: OutRecord): void {
    const into = this.recordsOf(topic, partition ?? partitionOf(key));
    const record: LogRecord & { headers: OutRecord['headers'] } = {
      topic,
      partition: partition ?? partitionOf(key),
      offset: into.length,
      timestampUs: timestampMs * 1000,
      key,
      value: value === null ? null : Buffer.from(value),
      headers,
    };
    into.push(record);
  }

  recordsOf(topic: string, partition: number): LogRecord[] {
    const key = `${topic}/${partition}`;
    const records = this.partitions.get(key) ?? [];
    this.partitions.set(key, records);
    return records;
  }

  /** All of a topic, partition by partition. */
  topic(topic: string): LogRecord[] {
    return Array.from({ length: PARTITIONS }, (_, i) => this.recordsOf(topic, i)).flat();
  }

  /** The log as a producer that may die has it. */
  producer(faults: Faults): OutLog {
    return {
      append: (records) =>
        faults.call('append', {
          all: () => {
            for (const record of records) this.append(record);
          },
          part: () => this.appendPart(records, faults),
        }),
    };
  }

  private appendPart(records: readonly OutRecord[], faults: Faults): void {
    const ended = new Set<string>();
    for (const record of records) {
      const where = `${record.topic}/${record.partition ?? partitionOf(record.key)}`;
      if (!ended.has(where) && faults.happens(0.3)) ended.add(where);
      if (!ended.has(where)) this.append(record);
    }
  }
}

/** Any function of the key will do. */
const partitionOf = (key: string | null): number =>
  key === null ? 0 : must(Buffer.from(key).at(-2)) % PARTITIONS;
