/**
 * The work of a stage on one partition that it has claimed, as far as it is the same for every
 * stage: where it begins, how its position moves, how that is saved, and when it has to end
 *
 * A claim fences whoever had the partition before. The position moves once every effect of the
 * records below it is acknowledged. It is saved with the state behind it in one write, and only
 * while nobody else has claimed the partition since.
 */
import { must } from '../assert.ts';
import type { LogMarker } from './log-marker.ts';
import {
  FencedError,
  type Checkpoint,
  type CheckpointStore,
  type CheckpointWrite,
  type Count,
  type CounterFor,
  type LogRecord,
  type OutLog,
  type PartitionTask,
} from './stage.ts';

/** What every stage is given. */
export interface StageDeps {
  readonly checkpoints: CheckpointStore;
  /** What it writes topics to. */
  readonly log: OutLog;
  readonly topicName: (name: string) => string;
  readonly count: CounterFor;
}

/** A partition that a stage has claimed, with what was last saved of it. */
export interface Claim extends Checkpoint {
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
}

export async function claimPartition(
  { checkpoints }: StageDeps,
  stage: string,
  topic: string,
  partition: number,
): Promise<Claim> {
  return { stage, topic, partition, ...(await checkpoints.claim(topic, partition)) };
}

/** A task says what it does with records, and what of its state is to be saved. */
export abstract class ClaimedTask<Deps extends StageDeps> implements PartitionTask {
  position: number;
  marker: LogMarker | null;
  isLookingAhead = false;
  protected readonly deps: Deps;
  protected readonly topic: string;
  protected readonly partition: number;
  protected readonly epoch: number;
  protected readonly count: Count;
  private readonly stage: string;

  constructor(deps: Deps, { stage, topic, partition, epoch, nextOffset, marker }: Claim) {
    this.deps = deps;
    this.stage = stage;
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.count = deps.count(topic, partition);
    this.position = nextOffset;
    this.marker = marker ?? null;
  }

  /**
   * Resolves once every effect is acknowledged, with how many of the records were taken: all, or
   * those in front of one that cannot be decided yet.
   */
  protected abstract take(
    records: readonly LogRecord[],
    heartbeat: () => Promise<void>,
  ): Promise<number>;

  /** What has changed since `saved`. */
  protected abstract state(): Pick<CheckpointWrite, 'partitionState' | 'instrumentStates'>;

  /** What `state` has given is stored. */
  protected abstract saved(): void;

  async process(records: readonly LogRecord[], heartbeat: () => Promise<void>): Promise<void> {
    const taken = await this.take(records, heartbeat);
    this.isLookingAhead = taken < records.length;
    this.position = records[taken]?.offset ?? must(records.at(-1)).offset + 1;
  }

  async checkpoint(): Promise<void> {
    const { topic, partition, epoch, position, marker } = this;
    const write = { epoch, nextOffset: position, marker, ...this.state() };
    this.endIfFenced(await this.deps.checkpoints.save(topic, partition, write));
    this.saved();
  }

  /** Throws `FencedError` where a write was refused because another process has the partition. */
  protected endIfFenced(outcome: 'saved' | 'booked' | 'fenced'): void {
    const { stage, topic, partition } = this;
    if (outcome === 'fenced') throw new FencedError(stage, topic, partition);
  }
}
