/**
 * A stage that waits: a record `wait` is decided by the first `marker` behind it, so the task looks
 * ahead for that. What it did is noted as `offset: decided by offset`, for whoever compares.
 */
import { must } from '../../src/assert.ts';
import type { LogRecord, PartitionTask, Stage } from '../../src/stream/stage.ts';
import { partitionName } from './fake-group.ts';
import type { Caller } from './faults.ts';

/** What all tasks of the stage have done, and where they begin after a crash. */
export class WaitingWorld {
  readonly positions = new Map<string, number>();
  /** By partition and offset: the offset of the marker that decided, or the own one. */
  readonly effects = new Map<string, Set<number>>();
  readonly violations: string[] = [];
  /** How often a task was offered records to look at, and how often it found. */
  looked = 0;
  found = 0;

  /** The stage as one process runs it. */
  stage(topics: readonly string[], caller: Caller | null): Stage {
    const open = (topic: string, partition: number): Promise<PartitionTask> =>
      Promise.resolve(new WaitingTask(this, partitionName({ topic, partition }), caller));
    return { name: 'waiting', topics, open };
  }
}

const recordText = ({ value }: LogRecord): string => value?.toString() ?? '';

class WaitingTask implements PartitionTask {
  position: number;
  isLookingAhead = false;
  private readonly world: WaitingWorld;
  private readonly place: string;
  private readonly caller: Caller | null;
  private given = -1;
  private foundAt = -1;

  constructor(world: WaitingWorld, place: string, caller: Caller | null) {
    this.world = world;
    this.place = place;
    this.caller = caller;
    this.position = world.positions.get(place) ?? 0;
  }

  async process(records: readonly LogRecord[]): Promise<void> {
    this.noteGiven(records, this.position);
    const done: [LogRecord, number][] = [];
    const waiting = records.findIndex((record, i) => {
      const by = this.findDecider(record, records.slice(i));
      if (by !== null) done.push([record, by]);
      return by === null;
    });
    await this.caller?.call('effect', { all: () => this.note(done) });
    if (this.caller === null) this.note(done);
    this.isLookingAhead = waiting >= 0;
    this.position = waiting < 0 ? this.given : must(records[waiting]).offset;
  }

  lookAhead(records: readonly LogRecord[]): boolean {
    this.world.looked += 1;
    this.noteGiven(records, this.given);
    const marker = records.find((record) => recordText(record) === 'marker');
    if (marker === undefined) return false;
    this.world.found += 1;
    this.foundAt = marker.offset;
    return true;
  }

  async checkpoint(): Promise<void> {
    const save = (): void => void this.world.positions.set(this.place, this.position);
    if (this.caller === null) save();
    else await this.caller.call('save', { all: save });
  }

  private findDecider(record: LogRecord, from: readonly LogRecord[]): number | null {
    if (recordText(record) !== 'wait') return record.offset;
    const marker = from.find((one) => recordText(one) === 'marker');
    if (marker !== undefined) return marker.offset;
    return this.foundAt > record.offset ? this.foundAt : null;
  }

  private note(done: readonly (readonly [LogRecord, number])[]): void {
    for (const [{ offset }, by] of done) {
      const key = `${this.place} ${offset}`;
      this.world.effects.set(key, (this.world.effects.get(key) ?? new Set()).add(by));
    }
  }

  private noteGiven(records: readonly LogRecord[], from: number): void {
    const offsets = records.map(({ offset }) => offset);
    if (!offsets.every((offset, i) => offset === from + i)) {
      this.world.violations.push(`${this.place}: ${offsets.join()} came, and ${from} was next`);
    }
    this.given = from + records.length;
  }
}
