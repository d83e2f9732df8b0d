/**
 * What a stage and its surroundings owe each other. A stage sees Kafka, PostgreSQL and QuestDB only
 * through these contracts, so that it runs the same against real servers and in a simulation.
 */

/** One record of a topic. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** CreateTime in microseconds (Kafka keeps milliseconds). */
  readonly timestampUs: number;
  readonly key: string | null;
  readonly value: Buffer | null;
}

/** A record to be appended. */
export interface OutRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | Buffer | null;
  readonly timestampMs: number;
  /** Fixed partition; otherwise the key decides as Java's default partitioner does. */
  readonly partition?: number;
  readonly headers?: Record<string, string>;
}

/** Kafka as a stage writes to it. Resolves once every record is acknowledged by all replicas. */
export interface OutLog {
  append(records: readonly OutRecord[]): Promise<void>;
}

/** What a stage remembers of one partition. */
export interface Checkpoint {
  /** Rises with every claim: whoever writes with an older one is a zombie. */
  readonly epoch: number;
  readonly nextOffset: number;
  readonly partitionState: Buffer | null;
  readonly instrumentStates: ReadonlyMap<string, Buffer>;
}

export interface CheckpointWrite {
  readonly epoch: number;
  readonly nextOffset: number;
  readonly partitionState: Buffer;
  /** Only the instruments that changed since the last write. */
  readonly instrumentStates: ReadonlyMap<string, Buffer>;
}

export interface CheckpointStore {
  claim(topic: string, partition: number): Promise<Checkpoint>;
  /** One transaction; `fenced` when another process has claimed the partition since. */
  save(topic: string, partition: number, write: CheckpointWrite): Promise<'saved' | 'fenced'>;
}

/** A stage's work on one assigned partition. */
export interface PartitionTask {
  /** The offset of the next record to process; moved from outside over offsets without one. */
  position: number;
  /**
   * Takes records in offset order, none of them below `position`. Resolves once every effect is
   * acknowledged; `position` has moved then. `beat` keeps the group membership during long waits.
   */
  process(records: readonly LogRecord[], beat: () => Promise<void>): Promise<void>;
  /** Saves the state behind `position`, where the task keeps one. Never called during `process`. */
  checkpoint?(): Promise<void>;
  /**
   * Tells other processes how far the effects have come, where they have to know. The group's
   * offset follows only then. Never called during `process`.
   */
  announce?(): Promise<void>;
}

export interface Stage {
  readonly name: string;
  readonly topics: readonly string[];
  /** How many records it takes at once at most, where it wants more than usual. */
  readonly recordsMax?: number;
  /** Of a partition, how many bytes it wants at once at most, where that is more than usual. */
  readonly fetchBytes?: number;
  /** Claims the partition and loads what is known of it. */
  open(topic: string, partition: number): Promise<PartitionTask>;
}

/** Another process has taken the partition over: this one has to end. */
export class FencedError extends Error {
  constructor(stage: string, topic: string, partition: number) {
    super(`${stage} no longer owns ${topic}/${partition}: another process has claimed it`);
    this.name = 'FencedError';
  }
}
