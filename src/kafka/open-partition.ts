/**
 * A partition that a consumer has open: its task, how far the task has been given records, and when
 * its checkpoints and announcements are due.
 *
 * While the task looks ahead (`PartitionTask`), what it is given runs ahead of its position. Only
 * the position is ever committed or saved; whatever is passed over on the way leaves it alone.
 *
 * Until the log is known to be the one in which the position was taken (`judgeLog`), the task is
 * given nothing: after every join, and whenever the log may have become another one meanwhile.
 */
import type { Logger } from 'pino';
import type { RunningTime } from '../clock.ts';
import { assert, must } from '../assert.ts';
import {
  judgeLog,
  LogMismatchError,
  markerBelow,
  toMarker,
  type LogEnds,
  type LogMarker,
} from '../stream/log-marker.ts';
import type { LogRecord, PartitionTask } from '../stream/stage.ts';

const CHECKPOINT_MS_MIN = 5_000;
const RETRY_MS = 1_000;
/** Checkpoints of a topic may take a twentieth of the time, and so may an announcement. */
const COST_FACTOR = 20;

export interface Surroundings {
  readonly log: Logger;
  readonly time: RunningTime;
  /** Whether what failed may be tried again later; else the failure ends the member. */
  readonly isTransient: (error: unknown) => boolean;
}

export class OpenPartition {
  readonly task: PartitionTask;
  readonly topic: string;
  readonly partition: number;
  /** What was last committed to the group; -1: not sure, it is committed in any case. */
  committed = -1;
  /** Whether the log is known to be the one that the task has read. */
  isVerified = false;
  private marker: LogMarker | null;
  private readonly around: Surroundings;
  /** Serialises `process` and `checkpoint`. */
  private tail: Promise<void> = Promise.resolve();
  private checkpointed: number;
  private checkpointDueMs: number;
  private announcementDueMs = 0;
  /** The offset behind what the task has been given, while it looks ahead. */
  private lookedTo: number | null = null;
  /** Where the task stood when it found what it looked for: it has to come further now. */
  private foundFrom: number | null = null;
  private hasReachedEnd = false;
  private reportedEnd = -1;
  private reportDueMs = 0;

  constructor(topic: string, partition: number, task: PartitionTask, around: Surroundings) {
    this.topic = topic;
    this.partition = partition;
    this.task = task;
    this.around = around;
    this.checkpointed = task.position;
    this.marker = task.marker ?? null;
    this.checkpointDueMs = around.time.monotonicMs() + CHECKPOINT_MS_MIN;
  }

  /** The offset of the next record that the task is to be given. */
  get next(): number {
    return this.lookedTo ?? this.task.position;
  }

  /** Whether the task looks ahead of its position. */
  get isLooking(): boolean {
    return this.lookedTo !== null;
  }

  /** Where reading has to begin for the log to be known again: not behind the last record read. */
  get verifyFrom(): number {
    return this.marker?.offset ?? Math.max(0, this.task.position - 1);
  }

  /**
   * Whether the ends alone, or the first record found from `verifyFrom` on (null: none there), say
   * that it is another log: throws `LogMismatchError`. With a record it is verified from then on.
   */
  verify(ends: LogEnds, found?: LogRecord | null): void {
    const { topic, partition, task, marker } = this;
    const { position } = task;
    const foundMarker = found === undefined || found === null ? found : toMarker(found);
    const verdict = judgeLog({ position, marker }, ends, foundMarker);
    if (verdict.type === 'stop') throw new LogMismatchError(topic, partition, verdict.why);
    if (foundMarker === undefined) return;
    this.isVerified = true;
    if (verdict.type === 'adopt') this.adopt(foundMarker);
    else if (verdict.why !== undefined) {
      this.around.log.warn({ topic, partition, position }, `the log was trimmed: ${verdict.why}`);
    }
  }

  /** As `verify`, where the record alone says enough: true if it is the very one. */
  recognises(found: LogRecord): boolean {
    const { marker } = this;
    if (marker === null || found.offset !== marker.offset) return false;
    this.isVerified = toMarker(found).hash.equals(marker.hash);
    return this.isVerified;
  }

  private adopt(found: LogMarker | null): void {
    const { topic, partition, task } = this;
    const { position } = task;
    if (position === 0) return;
    this.around.log.warn(
      { topic, partition, position, found: found?.offset ?? null },
      'a position from before positions were bound to their log: what stands there now is taken ' +
        'for what was read',
    );
    if (found === null || found.offset >= position) return;
    this.noteMarker(found);
    // Saved with the next checkpoint, although nothing has moved.
    this.checkpointed = -1;
  }

  private noteMarker(marker: LogMarker | null): void {
    this.marker = marker;
    if (this.task.marker !== undefined) this.task.marker = marker;
  }

  get isCheckpointDue(): boolean {
    return this.around.time.monotonicMs() >= this.checkpointDueMs;
  }

  get isAnnouncementDue(): boolean {
    return this.around.time.monotonicMs() >= this.announcementDueMs;
  }

  /** Runs work on the task once no other does. */
  exclusively(work: () => Promise<void>): Promise<void> {
    const next = this.tail.then(work);
    this.tail = next.catch(() => undefined);
    return next;
  }

  /** The task is given everything from its position on again. */
  beginAnew(): void {
    this.lookedTo = null;
    this.hasReachedEnd = false;
    this.reportedEnd = -1;
  }

  /**
   * Gives the task the next records. `next` lies behind them then; or, where the task has found
   * what it looked for, at its position again.
   */
  async give(records: readonly LogRecord[], heartbeat: () => Promise<void>): Promise<void> {
    const { task } = this;
    const end = must(records.at(-1)).offset + 1;
    if (this.lookedTo === null) {
      await task.process(records, heartbeat);
      this.noteProcessed(end);
      this.noteMarker(markerBelow(records, task.position, this.marker));
    } else if (must(task.lookAhead?.bind(task), 'who looks ahead can')(records)) {
      this.beginAnew();
      this.foundFrom = task.position;
    } else {
      this.lookedTo = end;
    }
    this.hasReachedEnd = false;
  }

  private noteProcessed(end: number): void {
    const { task, foundFrom } = this;
    const { position } = task;
    const where = `${this.topic}/${this.partition}`;
    const isShort = position < end && task.isLookingAhead === true;
    assert(position === end || isShort, `${where} stands behind its records`);
    assert(foundFrom === null || position > foundFrom, `${where} found, and came no further`);
    this.foundFrom = null;
    if (isShort) this.lookedTo = end;
  }

  /** Behind offsets at which there is nothing for us. */
  passTo(offset: number): void {
    if (offset <= this.next) return;
    if (this.lookedTo === null) this.task.position = offset;
    else this.lookedTo = offset;
  }

  /** A fetch has shown where the log ends. */
  noteEnd(end: number): void {
    this.hasReachedEnd = this.lookedTo !== null && this.lookedTo >= end;
  }

  /** Tells, once for each end of the log, that the task has looked so far and found nothing. */
  async reportEnd(
    report: (topic: string, partition: number) => Promise<void> | void,
  ): Promise<void> {
    const { time, log } = this.around;
    const { topic, partition, lookedTo } = this;
    if (!this.hasReachedEnd || lookedTo === null || lookedTo === this.reportedEnd) return;
    if (time.monotonicMs() < this.reportDueMs) return;
    this.reportedEnd = lookedTo;
    try {
      await report(topic, partition);
    } catch (error) {
      log.warn(
        { err: error, topic, partition },
        'looked to the end, and could not report it: again',
      );
      this.reportDueMs = time.monotonicMs() + RETRY_MS;
      this.reportedEnd = -1;
    }
  }

  /** Saves the task's state, where it has moved; `beside`: how many of the topic are open here. */
  async checkpoint(beside: number): Promise<void> {
    const { time, log, isTransient } = this.around;
    const startMs = time.monotonicMs();
    if (this.task.checkpoint !== undefined && this.task.position !== this.checkpointed) {
      const { position } = this.task;
      try {
        await this.task.checkpoint();
        this.checkpointed = position;
      } catch (error) {
        if (!isTransient(error)) throw error;
        const { topic, partition } = this;
        log.warn({ err: error, topic, partition }, 'no checkpoint: going on without');
      }
    }
    const nowMs = time.monotonicMs();
    const restMs = COST_FACTOR * beside * (nowMs - startMs);
    this.checkpointDueMs = nowMs + Math.max(CHECKPOINT_MS_MIN, restMs);
  }

  /** False when it could not be committed yet. */
  async announce(): Promise<boolean> {
    const { time, log, isTransient } = this.around;
    const { topic, partition } = this;
    const startMs = time.monotonicMs();
    try {
      await this.task.announce?.();
      return true;
    } catch (error) {
      if (!isTransient(error)) throw error;
      log.warn({ err: error, topic, partition }, 'progress not announced: later');
      return false;
    } finally {
      const nowMs = time.monotonicMs();
      this.announcementDueMs = nowMs + COST_FACTOR * (nowMs - startMs);
    }
  }
}
