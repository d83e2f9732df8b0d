/**
 * What a stage and its surroundings owe each other. A stage sees Kafka, PostgreSQL and QuestDB only
 * through these contracts, so that it runs the same against real servers and in a simulation.
 */

import type { LogMarker } from './log-marker.ts';

/** Counts events by name: one of them, or as many as are given. */
export type Count = (event: string, n?: number) => void;

/** The counts of one partition of a topic. */
export type CounterFor = (topic: string, partition: number) => Count;

/** One record of a topic. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** CreateTime in microseconds (Kafka keeps milliseconds). */
  readonly timestampUs: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  /** Its header says that it claims since when it was known (`src/domain/imported.ts`). */
  readonly isImported?: boolean;
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
  /** Null, or absent: from before positions were bound to their log. */
  readonly marker?: LogMarker | null;
  readonly partitionState: Buffer | null;
  readonly instrumentStates: ReadonlyMap<string, Buffer>;
}

export interface CheckpointWrite {
  readonly epoch: number;
  readonly nextOffset: number;
  /** The task's own (`PartitionTask`). */
  readonly marker?: LogMarker | null;
  readonly partitionState: Buffer;
  /** Only the instruments that changed since the last write. */
  readonly instrumentStates: ReadonlyMap<string, Buffer>;
}

export interface CheckpointStore {
  claim(topic: string, partition: number): Promise<Checkpoint>;
  /** One transaction; `fenced` when another process has claimed the partition since. */
  save(topic: string, partition: number, write: CheckpointWrite): Promise<'saved' | 'fenced'>;
}

/**
 * A stage's work on one assigned partition.
 *
 * Some records cannot be decided before one that lies further on in the same partition is known.
 * Then the task looks ahead: `process` stops in front of such a record, and the records behind
 * those that it was given are offered to `lookAhead` until that finds what it needs. Everything
 * from `position` on is handed to `process` again then, and also after a join: the looking begins
 * anew. Nothing is lost by a crash, because the position has never left the record that waits.
 */
export interface PartitionTask {
  /** The offset of the next record to process; moved from outside over offsets without one. */
  position: number;
  /**
   * The last record that was read below `position`, as the checkpoint has it. A task that has it at
   * all is held to its log by it; it is kept up to date from outside.
   */
  marker?: LogMarker | null;
  /** Whether the last `process` has stopped before its last record, to look ahead. */
  readonly isLookingAhead?: boolean;
  /**
   * Takes records in offset order, the first of them at `position` or behind it. Resolves once
   * every effect of those below the new `position` is acknowledged: that is behind the last record,
   * or, where `isLookingAhead`, the offset of the record that waits. `heartbeat` keeps the group
   * membership during long waits.
   */
  process(records: readonly LogRecord[], heartbeat: () => Promise<void>): Promise<void>;
  /**
   * Is offered the records behind those already given to `process` or to it, in order and without
   * a gap. True: found. `process` has to come further with it than it did. Without effects.
   */
  lookAhead?(records: readonly LogRecord[]): boolean;
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
