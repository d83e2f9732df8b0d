/**
 * Sees to it that open partitions are given nothing but records of the log that they have read.
 *
 * A topic can be deleted and made anew, and a broker come back with another volume, at any time and
 * without a word: offsets go on, or the client begins at the start by itself. So reading begins at
 * the last record that was read, which has to come again, after every join, behind every pause in
 * which nothing was fetched, and now and then. An empty log brings nothing that could be held
 * against ours: its ends are fetched. What is not seen is a log that was deleted, made anew and
 * filled beyond the position within half a second, without any fetch that failed meanwhile.
 */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { RunningTime } from '../clock.ts';
import { must } from '../assert.ts';
import { logEnds } from './kafka.ts';
import { messageOffset, toLogRecord } from './records.ts';
import type { OpenPartition } from './open-partition.ts';

/** Of a pause between two fetches: longer, and the log may be another one behind it. */
const FETCH_GAP_MS = 500;

export class LogGuard {
  private readonly kafka: Kafka;
  private readonly consumer: Consumer;
  private readonly open: ReadonlyMap<string, OpenPartition>;
  /** When each broker was last fetched from. */
  private readonly fetchedMs = new Map<string, number>();
  /** From where partitions were sought once more. */
  private readonly sought = new WeakMap<OpenPartition, number>();
  private isDue = false;

  constructor(
    kafka: Kafka,
    consumer: Consumer,
    open: ReadonlyMap<string, OpenPartition>,
    time: RunningTime,
  ) {
    this.kafka = kafka;
    this.consumer = consumer;
    this.open = open;
    consumer.on(consumer.events.FETCH, ({ payload }) => {
      this.fetchedMs.set(String(payload.nodeId), time.monotonicMs());
    });
    consumer.on(consumer.events.FETCH_START, ({ payload }) => {
      const nowMs = time.monotonicMs();
      const pauseMs = nowMs - (this.fetchedMs.get(String(payload.nodeId)) ?? nowMs);
      if (pauseMs <= FETCH_GAP_MS && !this.isDue) return;
      this.isDue = false;
      // Looking ahead has no effects, and would never come further where every fetch is a pause
      // behind the last: what was found is verified before it is made use of.
      for (const one of open.values()) if (!one.isLooking) this.verifyAnew(one);
    });
  }

  /** Nothing more is given to the task before the last record that it has read has come again. */
  verifyAnew(open: OpenPartition): void {
    open.isVerified = false;
    this.seek(open, open.verifyFrom);
  }

  /** The next fetch begins there. */
  seek({ topic, partition }: OpenPartition, offset: number): void {
    this.consumer.seek({ topic, partition, offset: String(offset) });
  }

  /**
   * Whether the log of what was fetched is known to be the task's; throws `LogMismatchError` where
   * it is not. False when what decides is still to come: it was sought.
   */
  async isOurs(open: OpenPartition, batch: EachBatchPayload['batch']): Promise<boolean> {
    const firstOffset = Number(batch.firstOffset());
    // The client goes to the beginning by itself where the log does not reach so far.
    if (open.isVerified && firstOffset >= open.next) return true;
    const { topic, partition } = open;
    const message = batch.messages.find((one) => messageOffset(one) >= open.verifyFrom);
    const found = message === undefined ? undefined : toLogRecord(topic, partition, message);
    if (found !== undefined && open.recognises(found)) return true;
    open.isVerified = false;
    const ends = await this.readEnds(open);
    const isBehind = firstOffset > open.verifyFrom && ends.low <= open.verifyFrom;
    if (isBehind && this.sought.get(open) !== open.verifyFrom) {
      // Not what was requested, and the log has more before it: fetched once more.
      this.sought.set(open, open.verifyFrom);
      this.verifyAnew(open);
      return false;
    }
    open.verify(ends, found);
    if (!open.isVerified) this.verifyAnew(open);
    return open.isVerified;
  }

  /** The same for what was fetched and holds no record: ends of transactions alone. */
  async isOursWithout(open: OpenPartition, lastOffset: number): Promise<boolean> {
    if (open.isVerified || lastOffset < open.verifyFrom) return open.isVerified;
    open.verify(await this.readEnds(open), null);
    return open.isVerified;
  }

  /** Called now and then: as `checkEnds`, and the next fetch begins at what was read last. */
  async check(): Promise<void> {
    this.isDue = true;
    await this.checkEnds();
  }

  /** Throws `LogMismatchError` where the ends of a log say enough. Kafka may be away. */
  async checkEnds(): Promise<void> {
    const topics = new Set([...this.open.values()].map(({ topic }) => topic));
    for (const topic of topics) {
      const open = [...this.open.values()].filter((one) => one.topic === topic);
      const before = open.map(({ task }) => task.position);
      const ends = await logEnds(this.kafka, topic).catch(() => null);
      for (const [i, one] of open.entries()) {
        const found = ends?.get(one.partition);
        if (found === undefined) continue;
        // What was read meanwhile may lie behind the end that we were given.
        const isShort = found.high < must(before[i]);
        const high = isShort ? found.high : Math.max(found.high, one.task.position);
        one.verify({ low: found.low, high });
      }
    }
  }

  private async readEnds({ topic, partition }: OpenPartition) {
    const ends = await logEnds(this.kafka, topic);
    return must(ends.get(partition), `${topic}/${partition} is there`);
  }
}
