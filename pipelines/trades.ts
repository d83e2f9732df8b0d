/**
 * signals, fills -> PostgreSQL: signals, orders, fills, trades and the ledger, exactly once
 *
 * One transaction a batch: every row, what follows from it, and the input's position, only while
 * the partition is ours. Signals and fills come on two topics in any order relative to each other;
 * the tables end up the same.
 */
import { Compile } from 'typebox/compile';
import { must } from '../src/assert.ts';
import { Fill, Signal, SignalEnd } from '../src/domain/wire.ts';
import {
  FencedError,
  type CheckpointStore,
  type LogRecord,
  type PartitionTask,
  type Stage,
} from '../src/stream/stage.ts';
import { whileBeating } from '../src/stream/while-beating.ts';

export type Booked = Signal | SignalEnd | Fill;

export interface BookRequest {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly nextOffset: number;
  readonly records: readonly Booked[];
}

export interface TradesDeps {
  readonly checkpoints: CheckpointStore;
  /** Books the batch and moves the position, or nothing of it. */
  readonly book: (request: BookRequest) => Promise<'booked' | 'fenced'>;
  readonly count: (what: string, n?: number) => void;
}

export const tradesStage = (deps: TradesDeps): Stage => ({
  name: 'trades',
  topics: ['signals', 'fills'],
  open: async (topic, partition) => {
    const { epoch, nextOffset } = await deps.checkpoints.claim(topic, partition);
    return new TradesTask(deps, topic, partition, epoch, nextOffset);
  },
});

class TradesTask implements PartitionTask {
  position: number;
  private readonly deps: TradesDeps;
  private readonly topic: string;
  private readonly partition: number;
  private readonly epoch: number;

  constructor(deps: TradesDeps, topic: string, partition: number, epoch: number, position: number) {
    this.deps = deps;
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.position = position;
  }

  async process(records: readonly LogRecord[], beat: () => Promise<void>): Promise<void> {
    const { topic, partition, epoch } = this;
    const nextOffset = must(records.at(-1)).offset + 1;
    const booked = records.flatMap((record) => this.decoded(record));
    const request = { topic, partition, epoch, nextOffset, records: booked };
    const outcome = await whileBeating(this.deps.book(request), beat);
    if (outcome === 'fenced') throw new FencedError('trades', topic, partition);
    this.position = nextOffset;
  }

  private decoded(record: LogRecord): Booked[] {
    try {
      const json: unknown = JSON.parse(record.value?.toString('utf8') ?? '');
      if (isBooked(json)) {
        this.deps.count(`in_${json.kind}`);
        return [json];
      }
    } catch {
      // Not ours: counted below like any other record that is none of our kinds.
    }
    this.deps.count('records_skipped');
    return [];
  }
}

const validators = [Compile(Signal), Compile(SignalEnd), Compile(Fill)];
const isBooked = (json: unknown): json is Booked => validators.some((v) => v.Check(json));
