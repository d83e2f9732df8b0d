/**
 * A range of one partition -> its records with their headers, in order.
 *
 * For whoever looks something up in a log: commands, checks, repairs. It reads in a consumer group
 * of its own, which commits nothing and is deleted at the end, so no stage is disturbed.
 */
import type { Consumer, IHeaders, Kafka } from 'kafkajs';
import { monotonicMs } from '../clock.ts';
import { withAdmin } from './kafka.ts';

export interface LogRange {
  /** As Kafka knows it, prefix included. */
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is wanted; the log's first where that is later, or this left out. */
  readonly from?: number;
  /** The offset behind the last one that is wanted; the log's end at the call where left out. */
  readonly to?: number;
}

/** A record as it lies in the log. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A header that is there twice has its last value. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What was really there to be read: `from` is included, `to` is not. */
export interface ReadRange {
  readonly from: number;
  readonly to: number;
}

interface Found extends ReadRange {
  /** The other partitions of the topic. */
  readonly others: readonly number[];
}

const SILENCE_MS = 60_000;
let groups = 0;

/**
 * Hands every record of the range to `onRecord`, in the order of offsets, and resolves with the
 * range once the last one was taken. Nothing is handed on of an empty range. Rejects when the
 * topic or partition does not exist, when `onRecord` throws, and after a minute without a record.
 */
export async function readLog(
  kafka: Kafka,
  range: LogRange,
  onRecord: (record: ReadRecord) => void,
): Promise<ReadRange> {
  const { topic, partition } = range;
  const { from, to, others } = await findRange(kafka, range);
  if (from >= to) return { from, to: from };
  const groupId = `tickloom-read-${process.pid}-${monotonicMs().toString(36)}-${groups++}`;
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 50,
    allowAutoTopicCreation: false,
    // An error of ours is thrown at once: reading again would not mend it.
    retry: { retries: 5, restartOnFailure: async () => false },
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await readThrough(consumer, { topic, partition, from, to, others }, onRecord);
  } finally {
    await consumer.disconnect().catch(() => undefined);
    await withAdmin(kafka, (admin) => admin.deleteGroups([groupId])).catch(() => undefined);
  }
  return { from, to };
}

async function findRange(
  kafka: Kafka,
  { topic, partition, from = 0, to = Infinity }: LogRange,
): Promise<Found> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  const of = offsets.find((each) => each.partition === partition);
  if (of === undefined) throw new Error(`${topic} has no partition ${partition}`);
  return {
    from: Math.max(from, Number(of.low)),
    to: Math.min(to, Number(of.high)),
    others: offsets.map((each) => each.partition).filter((each) => each !== partition),
  };
}

type Wanted = Required<LogRange> & Found;

function readThrough(
  consumer: Consumer,
  { topic, partition, from, to, others }: Wanted,
  onRecord: (record: ReadRecord) => void,
): Promise<void> {
  const reading = new Reading(`${topic}/${partition}`, from, to, onRecord);
  consumer.on('consumer.crash', ({ payload }) => reading.fail(payload.error));
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    // The ends of transactions have offsets, and are handed to nobody.
    const isOurs = payload.partition === partition && payload.batchSize === 0;
    if (isOurs) reading.passEmpty(Number(payload.firstOffset), Number(payload.lastOffset));
  });
  const eachBatch = async ({ batch }: { batch: Fetched }): Promise<void> => {
    if (batch.partition === partition) reading.take(batch);
  };
  consumer
    .run({ autoCommit: false, eachBatch })
    .then(() => {
      if (others.length > 0) consumer.pause([{ topic, partitions: [...others] }]);
      consumer.seek({ topic, partition, offset: String(from) });
    })
    .catch((error: unknown) => reading.fail(error));
  return reading.ended;
}

/** How far a range was read; `ended` settles with its last record, or with what went wrong. */
class Reading {
  readonly ended: Promise<void>;
  private settle: { resolve: () => void; reject: (error: unknown) => void } | null = null;
  private timer: NodeJS.Timeout | undefined;
  private readonly name: string;
  private position: number;
  private readonly to: number;
  private readonly onRecord: (record: ReadRecord) => void;

  constructor(name: string, from: number, to: number, onRecord: (record: ReadRecord) => void) {
    this.name = name;
    this.position = from;
    this.to = to;
    this.onRecord = onRecord;
    this.ended = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.wait();
  }

  fail(error: unknown): void {
    clearTimeout(this.timer);
    this.settle?.reject(error);
  }

  take(batch: Fetched): void {
    if (this.position >= this.to) return;
    const { partition, messages } = batch;
    const last = Number(batch.lastOffset());
    try {
      for (const message of messages) {
        const offset = Number(message.offset);
        // One of a fetch from before the partition was sought, or behind what is wanted.
        if (offset < this.position || offset >= this.to) continue;
        this.onRecord(toRecord(partition, offset, message));
        this.position = offset + 1;
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.passTo(last + 1);
  }

  passEmpty(first: number, last: number): void {
    if (first <= this.position) this.passTo(last + 1);
  }

  private passTo(offset: number): void {
    this.position = Math.max(this.position, offset);
    if (this.position < this.to) {
      this.wait();
      return;
    }
    clearTimeout(this.timer);
    this.settle?.resolve();
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.fail(new Error(`${this.name}/${this.position} could not be read`));
    }, SILENCE_MS);
  }
}

interface Fetched {
  readonly partition: number;
  readonly messages: readonly Message[];
  lastOffset(): string;
}

interface Message {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: IHeaders;
}

function toRecord(partition: number, offset: number, message: Message): ReadRecord {
  const { timestamp, key, value, headers = {} } = message;
  const texts = Object.entries(headers).map(([name, of]) => [
    name,
    String((Array.isArray(of) ? of.at(-1) : of) ?? ''),
  ]);
  // The fetched bytes are one large buffer, which a kept record would hold whole.
  return {
    partition,
    offset,
    timestampMs: Number(timestamp),
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(texts) as Record<string, string>,
  };
}
