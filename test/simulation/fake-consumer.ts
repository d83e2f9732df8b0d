/**
 * kafkajs's consumer as far as ours uses it, with what was learnt of the real one: it begins at
 * what the group has committed, fetches while new partitions are still being opened, hands over
 * batches that were fetched before a seek, and tells of a rebalance only when it asks the group.
 */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { must } from '../../src/assert.ts';
import { IMPORT_HEADERS } from '../../src/domain/imported.ts';
import { randomIndex } from '../../src/random.ts';
import type { LogRecord } from '../../src/stream/stage.ts';
import { partitionName, type Assigned, type FakeGroup } from './fake-group.ts';
import type { FakeLog } from './fake-log.ts';
import type { Faults } from './faults.ts';
import type { SimulatedProcess } from './simulated-process.ts';

type EachBatch = (payload: EachBatchPayload) => Promise<void>;
interface Fetched {
  readonly at: Assigned;
  readonly place: string;
  readonly records: readonly LogRecord[];
  nextOffset: number;
}

/** The real one asks for more all the time; here also when there is nothing, but less often. */
const POLL_MS = 5_000;

type Listener = (event: { readonly payload: unknown }) => void;

export class FakeConsumer {
  readonly events = {
    CRASH: 'crash',
    GROUP_JOIN: 'join',
    END_BATCH_PROCESS: 'end',
    FETCH_START: 'fetch',
    FETCH: 'fetched',
  };
  private readonly listeners = new Map<string, Listener>();
  private readonly log: FakeLog;
  private readonly group: FakeGroup;
  private readonly faults: Faults;
  private readonly process: SimulatedProcess;
  private readonly fetchMax: number;
  private eachBatch: EachBatch = () => Promise.resolve();
  private isRunning = false;
  private generation = 0;
  private isFetching = false;
  private assigned: readonly Fetched[] = [];
  private readonly seeks = new Map<string, number>();

  constructor(
    log: FakeLog,
    group: FakeGroup,
    faults: Faults,
    process: SimulatedProcess,
    fetchMax: number,
  ) {
    this.log = log;
    this.group = group;
    this.faults = faults;
    this.process = process;
    this.fetchMax = fetchMax;
  }

  /** What `runConsumer` takes for a connection to Kafka. */
  asKafka(): Kafka {
    const admin = {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      fetchTopicOffsets: (topic: string) => Promise.resolve(this.log.readEnds(topic)),
    };
    return { consumer: () => this as unknown as Consumer, admin: () => admin } as unknown as Kafka;
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, listener);
  }

  connect = (): Promise<void> => Promise.resolve();
  subscribe = (): Promise<void> => Promise.resolve();

  run({ eachBatch }: { readonly eachBatch: EachBatch }): Promise<void> {
    this.eachBatch = eachBatch;
    this.isRunning = true;
    this.group.join(this);
    this.faults.scheduler.spawn(() => this.fetchOnAndOn());
    return Promise.resolve();
  }

  seek({ topic, partition, offset }: Assigned & { readonly offset: string }): void {
    this.seeks.set(partitionName({ topic, partition }), Number(offset));
  }

  async commitOffsets(offsets: readonly (Assigned & { readonly offset: string })[]): Promise<void> {
    const { generation } = this;
    await this.process.turn();
    for (const at of offsets) this.group.commit(generation, at, Number(at.offset));
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await this.faults.scheduler.until(() => this.process.isDead || !this.isFetching);
    await this.disconnect();
  }

  /** A process that was killed cannot say good-bye. */
  disconnect(): Promise<void> {
    this.isRunning = false;
    if (!this.process.isDead) this.group.leave(this);
    return Promise.resolve();
  }

  /** All that one fetch has brought is handled before the group is asked, and fetched from, again. */
  private async fetchOnAndOn(): Promise<void> {
    const { process, faults, group } = this;
    const isOver = (): boolean => process.isDead || !this.isRunning;
    const isStopped = (): boolean => faults.scheduler.nowMs < process.stoppedUntilMs;
    const hasWork = (): boolean =>
      this.generation !== group.generation || this.assigned.some((some) => this.hasMore(some));
    this.isFetching = true;
    for (;;) {
      const pollMs = faults.scheduler.nowMs + POLL_MS;
      await faults.scheduler.until(
        () => isOver() || (!isStopped() && (hasWork() || faults.scheduler.nowMs >= pollMs)),
        () => (isStopped() ? process.stoppedUntilMs : pollMs),
      );
      if (isOver()) break;
      if (this.generation === group.generation) await this.fetch();
      else this.rejoin();
    }
    this.isFetching = false;
  }

  /** A member that was given up meanwhile comes back as a new one. */
  private rejoin(): void {
    this.group.join(this);
    this.generation = this.group.generation;
    this.assigned = this.group.assignedTo(this).map((at) => {
      const place = partitionName(at);
      const records = this.log.readRecords(at.topic, at.partition);
      return { at, place, records, nextOffset: this.group.committed.get(place) ?? 0 };
    });
    const memberAssignment: Record<string, number[]> = {};
    for (const { at } of this.assigned) (memberAssignment[at.topic] ??= []).push(at.partition);
    this.listeners.get(this.events.GROUP_JOIN)?.({ payload: { memberAssignment } });
  }

  private hasMore(one: Fetched): boolean {
    return this.fetchFrom(one) < one.records.length;
  }

  /** Where the log does not reach so far, the real one begins at the start, without a word. */
  private fetchFrom({ place, records, nextOffset }: Fetched): number {
    const from = this.seeks.get(place) ?? nextOffset;
    return from > records.length ? 0 : from;
  }

  /** An answer seldom holds something of every partition. */
  private async fetch(): Promise<void> {
    this.tell(this.events.FETCH_START);
    const some = this.assigned.filter((one) => this.hasMore(one) && this.faults.happens(0.7));
    const handled = some.map((one) => {
      one.nextOffset = this.fetchFrom(one);
      this.seeks.delete(one.place);
      // Never one alone: a fetch that begins at what was read last brings more where there is more.
      const count = 2 + randomIndex(this.faults.random, this.fetchMax);
      const taken = one.records.slice(one.nextOffset, one.nextOffset + count);
      return this.handle(one, taken, one.records.length);
    });
    this.tell(this.events.FETCH);
    await Promise.all(handled);
  }

  private tell(event: string): void {
    this.listeners.get(event)?.({ payload: { nodeId: '1' } });
  }

  private async handle(one: Fetched, records: readonly LogRecord[], end: number): Promise<void> {
    try {
      await this.process.turn();
      if (this.isRunning) await this.eachBatch(this.payload(one, records, end));
    } catch (error) {
      const payload = { restart: false, error };
      this.listeners.get(this.events.CRASH)?.({ payload });
    }
  }

  private payload(one: Fetched, records: readonly LogRecord[], end: number): EachBatchPayload {
    const batch = {
      ...one.at,
      messages: records.map(({ key, value, offset, timestampUs, isImported }) => ({
        key: key === null ? null : Buffer.from(key),
        value,
        offset: String(offset),
        timestamp: String(timestampUs / 1000),
        ...(isImported ? { headers: IMPORT_HEADERS } : {}),
      })),
      firstOffset: () => String(must(records[0]).offset),
      lastOffset: () => String(must(records.at(-1)).offset),
      /** Where the log ended when these were fetched. */
      highWatermark: String(end),
    };
    const payload = {
      batch,
      isRunning: () => this.isRunning,
      isStale: () => this.seeks.has(one.place),
      resolveOffset: (offset: string) => {
        one.nextOffset = Number(offset) + 1;
      },
      heartbeat: () => Promise.resolve(),
    };
    return payload as unknown as EachBatchPayload;
  }
}
