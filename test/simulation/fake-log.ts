/**
 * Kafka as a stage sees it: partitions that only grow. A crash while records are appended leaves in
 * each partition the first few of those that were for it.
 */
import { must } from '../../src/assert.ts';
import { IMPORTED_HEADER, isImportMark } from '../../src/domain/imported.ts';
import type { LogRecord, OutLog, OutRecord } from '../../src/stream/stage.ts';
import type { Caller, Faults } from './faults.ts';
import { PARTITIONS } from './world.ts';

/** What a reader of its headers sees too. */
export type LoggedRecord = LogRecord & Pick<OutRecord, 'headers'>;

export class FakeLog {
  /** Records by topic and partition. */
  readonly partitions = new Map<string, LoggedRecord[]>();
  /** How many of them were there at the beginning. */
  private readonly before = new Map<string, number>();

  /** Another log with the same records, and its own from then on. */
  copy(): FakeLog {
    const copy = new FakeLog();
    for (const [where, records] of this.partitions) {
      copy.partitions.set(where, [...records]);
      copy.before.set(where, records.length);
    }
    return copy;
  }

  append({ topic, key, value, timestampMs, headers, partition }: OutRecord): void {
    const into = this.readRecords(topic, partition ?? findPartition(key));
    const record: LoggedRecord = {
      topic,
      partition: partition ?? findPartition(key),
      offset: into.length,
      timestampUs: timestampMs * 1000,
      key,
      value: value === null ? null : Buffer.from(value),
      ...(headers === undefined ? {} : { headers }),
      isImported: isImportMark(headers?.[IMPORTED_HEADER]),
    };
    into.push(record);
  }

  readRecords(topic: string, partition: number): LoggedRecord[] {
    const key = `${topic}/${partition}`;
    const records = this.partitions.get(key) ?? [];
    this.partitions.set(key, records);
    return records;
  }

  /** The ends of each partition, as Kafka's admin tells them. */
  readEnds(topic: string): { partition: number; low: string; high: string }[] {
    const [low, all] = ['0', Array.from({ length: PARTITIONS }, (_, i) => i)];
    return all.map((partition) => {
      const high = String(this.readRecords(topic, partition).length);
      return { partition, low, high };
    });
  }

  /** What has come into a topic since the beginning, partition by partition. */
  topic(topic: string): LoggedRecord[] {
    return Array.from({ length: PARTITIONS }, (_, i) =>
      this.readRecords(topic, i).slice(this.before.get(`${topic}/${i}`) ?? 0),
    ).flat();
  }

  /** The log as a producer that may die has it. */
  producer(caller: Caller, faults: Faults): OutLog {
    return {
      append: (records) =>
        caller.call('append', {
          all: () => {
            for (const record of records) this.append(record);
          },
          part: () => this.appendPart(records, faults),
          isRepeated: true,
        }),
    };
  }

  private appendPart(records: readonly OutRecord[], faults: Faults): void {
    const ended = new Set<string>();
    for (const record of records) {
      const where = `${record.topic}/${record.partition ?? findPartition(record.key)}`;
      if (!ended.has(where) && faults.happens(0.3)) ended.add(where);
      if (!ended.has(where)) this.append(record);
    }
  }
}

/** Any function of the key will do. */
const findPartition = (key: string | null): number =>
  key === null ? 0 : must(Buffer.from(key).at(-2)) % PARTITIONS;
