/**
 * A consumer group's member that runs a stage: it hands every assigned partition's records to that
 * partition's task, in order, from the position that the task itself knows.
 *
 * Kafka's committed offset is only a hint for those who watch. What decides is the task's position:
 *
 * 1. On every join, new partitions are opened (claimed, loaded) and kept ones stay as they are;
 *    each is sought to its task's position.
 * 2. A batch of a partition that is not open for this generation is left alone: it comes again.
 * 3. Records below the position are skipped; a fetch that begins above it means that the log no
 *    longer holds what we need, and the stage stops. Offsets without a record (the ends of
 *    transactions, and what was aborted) are passed.
 * 4. `process` resolves once all effects are acknowledged. Only then the offset is resolved, and
 *    committed a little later, once others have been told what the task has to tell them.
 * 5. A failure of the task ends the member: its state is no longer at a known position. The
 *    supervisor starts the process again, from the last checkpoint.
 * 6. While checkpoints cannot be stored the work goes on: only a restart would cost more. New
 *    partitions wait until theirs can be read.
 */
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import { REAL_TIME, type RunningTime } from '../clock.ts';
import { assert } from '../assert.ts';
import type { LogRecord, PartitionTask, Stage } from '../stream/stage.ts';
import { FetchedMessage } from './kafka-fetch.ts';

const RECORDS_MAX = 2_000;
const FETCH_BYTES = 4 * 1024 * 1024;
const HEARTBEAT_MS = 2_000;
const COMMIT_MS = 100;
const CHECKPOINT_MS_MIN = 5_000;
const RETRY_MS = 1_000;
const GUARD_MS = 10_000;
/** Checkpoints of a topic may take a twentieth of the time, and so may an announcement. */
const COST_FACTOR = 20;

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topicOf: (name: string) => string;
  readonly sessionTimeoutMs?: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Whether a checkpoint that failed may be tried again later; else the failure ends the member. */
  readonly mayPass: (error: unknown) => boolean;
  /** Asked every now and then; a failure ends the member. */
  readonly guard?: () => Promise<void>;
  /** Called with the number of open partitions whenever that changes. */
  readonly onAssigned?: (partitions: number) => void;
  /** Another one than the machine's lets hours pass in a moment. */
  readonly time?: RunningTime;
}

interface ConsumedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: string;
  readonly lastOffset: string;
}

interface Open {
  readonly task: PartitionTask;
  readonly topic: string;
  readonly partition: number;
  /** Serialises `process` and `checkpoint`. */
  tail: Promise<void>;
  committed: number;
  checkpointed: number;
  checkpointDueMs: number;
  announcementDueMs: number;
}

/** Runs until the signal is aborted (resolves) or something breaks (rejects). */
export async function runConsumer(kafka: Kafka, stage: Stage, o: ConsumerOptions): Promise<void> {
  const member = new Member(kafka, stage, o);
  await member.run();
}

class Member {
  private readonly open = new Map<string, Open>();
  private readonly consumer: Consumer;
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
    await consumer.subscribe({ topics: this.stage.topics.map(o.topicOf), fromBeginning: true });
    const ticker = this.startTicker();
    const guarding = this.time.every(GUARD_MS, () => void o.guard?.().catch(this.fail));
    try {
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 8,
        eachBatch: (payload) => this.onBatch(payload),
      });
      await Promise.race([failed, aborted(o.signal)]);
      for (const open of this.open.values()) {
        await this.exclusively(open, () => this.settle(open, true));
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
      this.seekToPosition(open);
      // Others may have had it between two joins of ours, and told the group of an older position.
      open.committed = -1;
    }
    for (const { topic, partition, key } of assigned) {
      if (this.open.has(key)) continue;
      const task = await this.openPatiently(topic, partition, generation);
      if (task === null) return;
      const { position } = task;
      const open: Open = {
        task,
        topic,
        partition,
        tail: Promise.resolve(),
        // What the group knows may be older than our checkpoint: it is told once in any case.
        committed: -1,
        checkpointed: position,
        checkpointDueMs: this.time.monotonicMs() + CHECKPOINT_MS_MIN,
        announcementDueMs: 0,
      };
      this.open.set(key, open);
      this.o.log.info({ topic, partition, position }, 'partition opened');
      this.seekToPosition(open);
    }
    this.o.onAssigned?.(this.open.size);
  }

  private seekToPosition({ topic, partition, task }: Open): void {
    this.consumer.seek({ topic, partition, offset: String(task.position) });
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
        if (!this.o.mayPass(error)) throw error;
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
      await this.exclusively(open, async () => {
        const { messages } = batch;
        // Fetched before the partition was sought to its task's position: it comes again.
        if (payload.isStale()) return;
        this.refuseLoss(open, Number(batch.firstOffset()));
        const first = messages.findIndex((m) => offsetOf(m) >= open.task.position);
        if (first < 0) {
          // All of it is behind us already: without this the same batch would come for ever.
          payload.resolveOffset(batch.lastOffset());
          return;
        }
        const { recordsMax = RECORDS_MAX } = this.stage;
        for (let at = first; at < messages.length; at += recordsMax) {
          if (!payload.isRunning() || payload.isStale() || this.o.signal.aborted) return;
          const chunk = messages.slice(at, at + recordsMax);
          await this.processChunk(open, chunk, () => payload.heartbeat());
          payload.resolveOffset(String(open.task.position - 1));
          if (this.time.monotonicMs() >= open.checkpointDueMs) await this.checkpoint(open);
        }
        passTo(open, Number(batch.lastOffset()) + 1);
      });
    } catch (error) {
      this.fail(error as Error);
      throw error;
    }
  }

  private refuseLoss({ task, topic, partition }: Open, found: number): void {
    if (found <= task.position) return;
    throw new Error(
      `${topic}/${partition} no longer holds offset ${task.position} (it begins at ${found}): ` +
        'retention has passed this stage; restore the topic, or reset the stage on purpose',
    );
  }

  /** The ends of transactions have offsets too; a fetch of nothing else is not handed to us. */
  private onEmptyBatch({ topic, partition, firstOffset, lastOffset }: ConsumedBatch): void {
    const open = this.open.get(`${topic}/${partition}`);
    if (open === undefined) return;
    void this.exclusively(open, () => {
      // One from before a seek may lie behind records that are still to come.
      if (Number(firstOffset) <= open.task.position) passTo(open, Number(lastOffset) + 1);
      return Promise.resolve();
    });
  }

  private async processChunk(
    open: Open,
    messages: readonly KafkaMessage[],
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    const { topic, partition, task } = open;
    const records = messages.map((message) => recordOf(topic, partition, message));
    let beatMs = this.time.monotonicMs();
    const beat = async (): Promise<void> => {
      if (this.time.monotonicMs() - beatMs < HEARTBEAT_MS) return;
      beatMs = this.time.monotonicMs();
      // A rebalance under way is told by an error. Our effects are the same bytes either way: the
      // chunk is finished first, and the next join decides who goes on.
      await heartbeat().catch(() => undefined);
    };
    await task.process(records, beat);
    const last = must(records.at(-1)).offset;
    assert(task.position === last + 1, `${topic}/${partition} stands behind its records`);
    await beat();
  }

  /** Commits, and checkpoints what has been idle, a little behind the work. */
  private startTicker(): { stop(): void } {
    return this.time.every(COMMIT_MS, () => {
      for (const open of this.open.values()) {
        void this.exclusively(open, () => this.settle(open, false)).catch(this.fail);
      }
    });
  }

  private async settle(open: Open, final: boolean): Promise<void> {
    const { topic, partition, task } = open;
    if (!this.isHeld(open)) return;
    if (final || this.time.monotonicMs() >= open.checkpointDueMs) await this.checkpoint(open);
    const { position } = task;
    if (position === open.committed) return;
    if (!final && this.time.monotonicMs() < open.announcementDueMs) return;
    if (!(await this.announce(open)) || !this.isHeld(open)) return;
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
  private isHeld(open: Open): boolean {
    return this.open.get(`${open.topic}/${open.partition}`) === open;
  }

  private async checkpoint(open: Open): Promise<void> {
    const startMs = this.time.monotonicMs();
    if (open.task.checkpoint !== undefined && open.task.position !== open.checkpointed) {
      const { position } = open.task;
      try {
        await open.task.checkpoint();
        open.checkpointed = position;
      } catch (error) {
        if (!this.o.mayPass(error)) throw error;
        const { topic, partition } = open;
        this.o.log.warn({ err: error, topic, partition }, 'no checkpoint: going on without');
      }
    }
    const costMs = this.time.monotonicMs() - startMs;
    open.checkpointDueMs =
      this.time.monotonicMs() + Math.max(CHECKPOINT_MS_MIN, this.costFactor(open) * costMs);
  }

  /** False when it could not be told yet. */
  private async announce(open: Open): Promise<boolean> {
    const { task, topic, partition } = open;
    const startMs = this.time.monotonicMs();
    try {
      await task.announce?.();
      return true;
    } catch (error) {
      if (!this.o.mayPass(error)) throw error;
      this.o.log.warn({ err: error, topic, partition }, 'progress not announced: later');
      return false;
    } finally {
      open.announcementDueMs =
        this.time.monotonicMs() + COST_FACTOR * (this.time.monotonicMs() - startMs);
    }
  }

  private costFactor({ topic }: Open): number {
    const beside = [...this.open.values()].filter((open) => open.topic === topic);
    return COST_FACTOR * beside.length;
  }

  private exclusively(open: Open, work: () => Promise<void>): Promise<void> {
    const next = open.tail.then(work);
    open.tail = next.catch(() => undefined);
    return next;
  }
}

/** A broker that has just started loads its groups first: joining a moment later is the answer. */
const JOIN_LATER = new Set(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE']);

const isJoinLater = (error: Error): boolean =>
  JOIN_LATER.has(String((error as { type?: unknown }).type));

/** Behind offsets at which there is nothing for us. */
function passTo({ task }: Open, offset: number): void {
  if (offset > task.position) task.position = offset;
}

const offsetOf = (message: KafkaMessage | FetchedMessage): number =>
  message instanceof FetchedMessage ? message.offsetNumber : Number(message.offset);

function recordOf(topic: string, partition: number, message: KafkaMessage): LogRecord {
  if ((message as object) instanceof FetchedMessage) {
    const { offsetNumber, timestampMs, keyText, value } = message as object as FetchedMessage;
    const timestampUs = timestampMs * 1000;
    return { topic, partition, offset: offsetNumber, timestampUs, key: keyText, value };
  }
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampUs: Number(message.timestamp) * 1000,
    key: message.key === null ? null : message.key.toString('utf8'),
    value: message.value,
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const must = <T>(value: T | undefined): T => {
  assert(value !== undefined, 'a chunk holds a record');
  return value;
};
