/**
 * What the consumer does with a task, in little: open, process chunks from the task's own position,
 * checkpoint and announce now and then. Whatever crashes is dropped, and a successor opened from
 * the last checkpoint; sometimes one is opened although nothing crashed, and the old task goes on
 * for a while as a zombie.
 */
import { must } from '../../src/assert.ts';
import { randomIndex } from '../../src/random.ts';
import { markerBelow } from '../../src/stream/log-marker.ts';
import {
  FencedError,
  type LogRecord,
  type PartitionTask,
  type Stage,
} from '../../src/stream/stage.ts';
import type { FakeLog } from './fake-log.ts';
import { Crash, type Faults } from './faults.ts';

export interface Habits {
  /** Records in a chunk, at most. */
  readonly chunk: number;
  readonly checkpointShare: number;
  readonly announcementShare: number;
  readonly zombieShare: number;
  /** Told when a task has looked to the end of its log. */
  readonly onLookedToEnd?: (topic: string, partition: number) => void;
}

export interface Outcome {
  opened: number;
  zombies: number;
  /** Tasks that have ended because another process owns the partition. */
  fenced: number;
  readonly violations: string[];
}

const ZOMBIE_STEPS = 4;

/** How far the tasks that look ahead have been given records. */
class Looking {
  private readonly lookedTo = new Map<PartitionTask, number>();

  /** The offset of the next record that the task is to be given. */
  nextOffset(task: PartitionTask): number {
    return this.lookedTo.get(task) ?? task.position;
  }

  /** False when the task stands where it may not. */
  async give(task: PartitionTask, records: readonly LogRecord[]): Promise<boolean> {
    const end = must(records.at(-1)).offset + 1;
    if (this.lookedTo.has(task)) {
      const found = must(task.lookAhead?.bind(task))(records);
      if (found) this.lookedTo.delete(task);
      else this.lookedTo.set(task, end);
      return true;
    }
    await task.process(records, () => Promise.resolve());
    if (task.marker !== undefined) task.marker = markerBelow(records, task.position, task.marker);
    if (task.position === end) return true;
    this.lookedTo.set(task, end);
    return task.position < end && task.isLookingAhead === true;
  }
}

export class Runner {
  readonly outcome: Outcome = { opened: 0, zombies: 0, fenced: 0, violations: [] };
  private readonly log: FakeLog;
  private readonly faults: Faults;
  private readonly habits: Habits;
  private readonly looking = new Looking();

  constructor(log: FakeLog, faults: Faults, habits: Habits) {
    this.log = log;
    this.faults = faults;
    this.habits = habits;
  }

  /** Works on one partition until nothing comes any more, and through every crash. */
  async work(stage: Stage, topic: string, partition: number): Promise<void> {
    const records = this.log.readRecords(topic, partition);
    const open = (): Promise<PartitionTask> => this.open(stage, topic, partition);
    const current = { task: await open() };
    const hasMore = (): boolean => records.length > this.looking.nextOffset(current.task);
    while (await this.faults.scheduler.until(hasMore)) {
      if (this.faults.happens(this.habits.zombieShare)) {
        const old = current.task;
        this.outcome.zombies += 1;
        this.faults.scheduler.spawn(() => this.haunt(old, topic, partition));
        current.task = await open();
      }
      try {
        await this.step(current.task, topic, partition);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        current.task = await open();
      }
    }
  }

  /** A claim may crash too: then the next process tries. */
  private async open(stage: Stage, topic: string, partition: number): Promise<PartitionTask> {
    for (;;) {
      try {
        const task = await stage.open(topic, partition);
        this.outcome.opened += 1;
        return task;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  private async step(task: PartitionTask, topic: string, partition: number): Promise<void> {
    const count = 1 + randomIndex(this.faults.random, this.habits.chunk);
    const records = this.log.readRecords(topic, partition);
    const from = this.looking.nextOffset(task);
    const chunk = records.slice(from, from + count);
    if (chunk.length > 0 && !(await this.looking.give(task, chunk))) {
      const given = `${from} to ${from + chunk.length}`;
      this.outcome.violations.push(
        `${topic}/${partition} stands at ${task.position} behind ${given}`,
      );
    }
    const next = this.looking.nextOffset(task);
    if (task.position < next && next >= records.length)
      this.habits.onLookedToEnd?.(topic, partition);
    if (this.faults.happens(this.habits.announcementShare)) await task.announce?.();
    if (this.faults.happens(this.habits.checkpointShare)) await this.checkpoint(task);
  }

  /** A store that is away for a moment is no reason to end: some tasks go on and save later. */
  private async checkpoint(task: PartitionTask): Promise<void> {
    try {
      await task.checkpoint?.();
    } catch (error) {
      if (!(error instanceof Crash) || this.faults.happens(0.5)) throw error;
    }
  }

  /** The old task goes on beside its successor, until it tries to save. */
  private async haunt(task: PartitionTask, topic: string, partition: number): Promise<void> {
    try {
      const steps = 1 + randomIndex(this.faults.random, ZOMBIE_STEPS);
      for (let i = 0; i < steps; i++) await this.step(task, topic, partition);
      await task.checkpoint?.();
    } catch (error) {
      if (error instanceof FencedError) this.outcome.fenced += 1;
      else if (!(error instanceof Crash)) throw error;
    }
  }
}
