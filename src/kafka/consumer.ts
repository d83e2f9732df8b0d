/**
 * A consumer group's member that runs a stage: it hands every assigned partition's records to that
 * partition's task, in order, from the position that the task itself knows.
 *
 * Kafka's committed offset is only a hint for those who watch. What decides is the task's position:
 *
 * 1. On every join, new partitions are opened (claimed, loaded) and kept ones stay as they are;
 *    each is sought to the last record that its task has read: that one has to come first, else the
 *    log is another one than the task's (`judgeLog`), and the stage stops.
 * 2. A batch of a partition that is not open for this generation is left alone: it comes again.
 * 3. Records below the position are skipped; a fetch that begins above it means that the log no
 *    longer holds what we need, and the stage stops. Offsets without a record (the ends of
 *    transactions, and what was aborted) are passed.
 * 4. `process` resolves once all effects are acknowledged. Only then the offset is resolved, and
 *    committed a little later, once the task has reported what others need.
 * 5. A failure of the task ends the member: its state is no longer at a known position. The
 *    supervisor starts the process again, from the last checkpoint.
 * 6. A task that looks ahead (`PartitionTask`) is given what lies behind, while its position stays;
 *    once it has found, or after a join, it is given everything from its position on again. When
 *    it has looked to the end of the log, `onLookedToEnd` is called.
 * 7. While checkpoints cannot be stored the work goes on: only a restart would cost more. New
 *    partitions wait until theirs can be read.
 */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { must } from '../assert.ts';
import { REAL_TIME, type RunningTime } from '../clock.ts';
import { aborted } from '../lifecycle.ts';
import type { PartitionTask, Stage } from '../stream/stage.ts';
import { LogMismatchError } from '../stream/log-marker.ts';
import { LogGuard } from './log-guard.ts';
import { messageOffset, toLogRecord } from './records.ts';
import { OpenPartition } from './open-partition.ts';

const RECORDS_MAX = 2_000;
const FETCH_BYTES = 4 * 1024 * 1024;
const HEARTBEAT_MS = 2_000;
const COMMIT_MS = 100;
const RETRY_MS = 1_000;
const GUARD_MS = 10_000;

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topicName: (name: string) => string;
  readonly sessionTimeoutMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /**
   * Whether a checkpoint that failed may be tried again later; else the failure ends the member.
   */
  readonly isTransient: (error: unknown) => boolean;
  /** Called every now and then; a failure ends the member. */
  readonly guard?: () => Promise<void>;
  /** Called with the number of open partitions whenever that changes. */
  readonly onAssigned?: (partitions: number) => void;
  /**
   * A task that looks ahead has come to the end of the log and has not found. Called once for each
   * end that it comes to, and again a little later where it fails.
   */
  readonly onLookedToEnd?: (topic: string, partition: number) => Promise<void> | void;
  /** Another one than the machine's lets hours pass in a moment. */
  readonly time?: RunningTime;
}

interface ConsumedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string;
  readonly lastOffset: string;
  readonly highWatermark: string;
}

/** Runs until the signal is aborted (resolves) or something breaks (rejects). */
export async function runConsumer(kafka: Kafka, stage: Stage, o: ConsumerOptions): Promise<void> {
  const member = new Member(kafka, stage, o);
  await member.run();
}

class Member {
  private readonly open = new Map<string, OpenPartition>();
  private readonly consumer: Consumer;
  private readonly logs: LogGuard;
  private readonly stage: Stage;
  private readonly o: ConsumerOptions;
  private readonly time: RunningTime;
  private generation = 0;
  private fail: (error: Error) => void = () => undefined;

  constructor(kafka: Kafka, stage: Stage, o: ConsumerOptions) {
    this.stage = stage;
    this.o = o;
    this.time = o.time ?? REAL_TIME;
    this.consumer = kafka.consumer({
      groupId: o.groupId,
      sessionTimeout: o.sessionTimeoutMs ?? 30_000,
      heartbeatInterval: Math.min(3_000, (o.sessionTimeoutMs ?? 30_000) / 3),
      rebalanceTimeout: 60_000,
      maxBytesPerPartition: stage.fetchBytes ?? FETCH_BYTES,
      maxWaitTimeInMs: 50,
      minBytes: 1,
      allowAutoTopicCreation: false,
      retry: {
        retries: 30,
        maxRetryTime: 5_000,
        restartOnFailure: async (error) => isJoinLater(error),
      },
    });
    this.logs = new LogGuard(kafka, this.consumer, this.open, this.time);
  }

  async run(): Promise<void> {
    const { consumer, o } = this;
    const failed = new Promise<never>((_, reject) => {
      this.fail = reject;
    });
    failed.catch(() => undefined);
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) this.fail(payload.error);
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.onEmptyBatch(payload);
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.onJoin(payload.memberAssignment).catch(this.fail);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: this.stage.topics.map(o.topicName), fromBeginning: true });
    const ticker = this.startTicker();
    const guarding = this.time.every(GUARD_MS, () => {
      void o.guard?.().catch(this.fail);
      this.logs.check().catch(this.fail);
    });
    try {
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 8,
        eachBatch: (payload) => this.onBatch(payload),
      });
      await Promise.race([failed, aborted(o.signal)]);
      for (const open of this.open.values()) {
        await open.exclusively(() => this.settle(open, true));
      }
      await consumer.stop();
    } finally {
      ticker.stop();
      guarding.stop();
      await consumer.disconnect().catch(() => undefined);
    }
  }

  private async onJoin(assignment: Record<string, number[]>): Promise<void> {
    const generation = ++this.generation;
    const assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition, key: `${topic}/${partition}` })),
    );
    const kept = new Set(assigned.map(({ key }) => key));
    for (const key of this.open.keys()) if (!kept.has(key)) this.open.delete(key);
    // Before anything is awaited: the fetches of this generation begin at what the group has
    // committed, and an earlier owner may have committed more than we have come to.
    for (const open of this.open.values()) {
      this.logs.verifyAnew(open);
      void open.exclusively(async () => open.beginAnew());
      // Others may have had it between two joins of ours, and committed an older position.
      open.committed = -1;
    }
    for (const { topic, partition, key } of assigned) {
      if (this.open.has(key)) continue;
      const task = await this.openPatiently(topic, partition, generation);
      if (task === null) return;
      const open = new OpenPartition(topic, partition, task, { ...this.o, time: this.time });
      this.open.set(key, open);
      this.o.log.info({ topic, partition, position: task.position }, 'partition opened');
      this.logs.verifyAnew(open);
    }
    this.o.onAssigned?.(this.open.size);
    await this.logs.checkEnds();
  }

  /** Null when another join has come meanwhile. */
  private async openPatiently(
    topic: string,
    partition: number,
    generation: number,
  ): Promise<PartitionTask | null> {
    for (;;) {
      try {
        const task = await this.stage.open(topic, partition);
        return generation === this.generation ? task : null;
      } catch (error) {
        if (!this.o.isTransient(error)) throw error;
        this.o.log.warn({ err: error, topic, partition }, 'a checkpoint cannot be read yet');
        await this.time.sleep(RETRY_MS, this.o.signal);
        if (generation !== this.generation || this.o.signal.aborted) return null;
      }
    }
  }

  private async onBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const open = this.open.get(`${batch.topic}/${batch.partition}`);
    if (open === undefined) {
      await this.time.sleep(20, this.o.signal);
      return;
    }
    try {
      await open.exclusively(() => this.take(open, payload));
    } catch (error) {
      this.fail(error as Error);
      throw error;
    }
  }

  private async take(open: OpenPartition, payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { messages } = batch;
    const { recordsMax = RECORDS_MAX } = this.stage;
    // Fetched before the partition was sought to its task's position: it comes again.
    if (payload.isStale()) return;
    const firstOffset = Number(batch.firstOffset());
    if (!(await this.logs.isOurs(open, batch))) return;
    this.refuseLoss(open, firstOffset);
    let at = 0;
    for (;;) {
      while (at < messages.length && messageOffset(must(messages[at])) < open.next) at += 1;
      if (at === messages.length) break;
      if (!payload.isRunning() || payload.isStale() || this.o.signal.aborted) return;
      const chunk = messages.slice(at, at + recordsMax);
      await this.giveChunk(open, chunk, () => payload.heartbeat());
      if (open.isCheckpointDue) await open.checkpoint(this.beside(open));
      at += chunk.length;
      // What it looked for is found: all of it again, from what is at hand or from the log.
      if (open.next <= messageOffset(must(chunk.at(-1)))) at = 0;
      if (open.next < firstOffset) return this.logs.verifyAnew(open);
      payload.resolveOffset(String(open.next - 1));
    }
    // Also where all of it was behind us: unresolved, the same batch would come for ever.
    open.passTo(Number(batch.lastOffset()) + 1);
    payload.resolveOffset(String(open.next - 1));
    this.noteEnd(open, Number(batch.highWatermark));
  }

  private refuseLoss({ next, topic, partition }: OpenPartition, found: number): void {
    if (found <= next) return;
    const why = `it no longer holds offset ${next} (it begins at ${found}): retention has passed`;
    throw new LogMismatchError(topic, partition, why);
  }

  /** The ends of transactions have offsets too; a fetch of nothing else is not handed to us. */
  private onEmptyBatch({ topic, partition, ...batch }: ConsumedBatch): void {
    const open = this.open.get(`${topic}/${partition}`);
    if (open === undefined) return;
    const work = async (): Promise<void> => {
      if (!(await this.logs.isOursWithout(open, Number(batch.lastOffset)))) return;
      // One from before a seek may lie behind records that are still to come.
      if (Number(batch.firstOffset) > open.next) return;
      open.passTo(Number(batch.lastOffset) + 1);
      this.noteEnd(open, Number(batch.highWatermark));
    };
    open.exclusively(work).catch(this.fail);
  }

  private async giveChunk(
    open: OpenPartition,
    messages: EachBatchPayload['batch']['messages'],
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    const { topic, partition } = open;
    const records = messages.map((message) => toLogRecord(topic, partition, message));
    let sentMs = this.time.monotonicMs();
    const heartbeatIfDue = async (): Promise<void> => {
      if (this.time.monotonicMs() - sentMs < HEARTBEAT_MS) return;
      sentMs = this.time.monotonicMs();
      // A rebalance under way shows as an error. Our effects are the same bytes either way: the
      // chunk is finished first, and the next join decides who goes on.
      await heartbeat().catch(() => undefined);
    };
    await open.give(records, heartbeatIfDue);
    await heartbeatIfDue();
  }

  private noteEnd(open: OpenPartition, end: number): void {
    open.noteEnd(end);
    if (this.o.onLookedToEnd !== undefined) void open.reportEnd(this.o.onLookedToEnd);
  }

  /** Commits, and checkpoints what has been idle, a little behind the work. */
  private startTicker(): { stop(): void } {
    return this.time.every(COMMIT_MS, () => {
      for (const open of this.open.values()) {
        void open.exclusively(() => this.settle(open, false)).catch(this.fail);
        if (this.o.onLookedToEnd !== undefined) void open.reportEnd(this.o.onLookedToEnd);
      }
    });
  }

  private async settle(open: OpenPartition, final: boolean): Promise<void> {
    const { topic, partition, task } = open;
    if (!this.isHeld(open)) return;
    if (final || open.isCheckpointDue) await open.checkpoint(this.beside(open));
    const { position } = task;
    if (position === open.committed) return;
    if (!final && !open.isAnnouncementDue) return;
    if (!(await open.announce()) || !this.isHeld(open)) return;
    open.committed = position;
    // Only a hint: when it is refused (a rebalance), the next one will do.
    const offsets = [{ topic, partition, offset: String(position) }];
    await this.consumer.commitOffsets(offsets).catch(() => {
      open.committed = -1;
    });
  }

  /**
   * False once a join has taken the partition away. Work that was waiting goes on then, and must
   * not speak for it: the group takes a commit from any member, of whatever partition.
   */
  private isHeld(open: OpenPartition): boolean {
    return this.open.get(`${open.topic}/${open.partition}`) === open;
  }

  /** How many partitions of its topic are open here. */
  private beside({ topic }: OpenPartition): number {
    return [...this.open.values()].filter((open) => open.topic === topic).length;
  }
}

/** A broker that has just started loads its groups first: joining a moment later is the answer. */
const JOIN_LATER = new Set(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE']);

const isJoinLater = (error: Error): boolean =>
  JOIN_LATER.has(String((error as { type?: unknown }).type));
