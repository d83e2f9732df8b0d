/** What the task of a stage stands in, for tests of one task: a store that can be away. */
import { expect } from 'vitest';
import type {
  CheckpointStore,
  CheckpointWrite,
  LogRecord,
  PartitionTask,
} from '../../src/stream/stage.ts';
import { initialControlState } from '../../src/domain/control.ts';
import { LATEST_US } from '../../src/domain/time.ts';
import { encodeState } from '../../src/stream/state-codec.ts';
import { FailPoints } from '../../src/stream/fail-point.ts';

/** The state of a partition whose clock is ahead of all that a test sends. */
export const CLOCKED = encodeState({ ...initialControlState(), clock: LATEST_US });

/** Fails each save until `isAway` is false, and keeps the others. */
export class RememberedCheckpoints implements CheckpointStore {
  isAway = false;
  readonly saved: CheckpointWrite[] = [];

  claim(): ReturnType<CheckpointStore['claim']> {
    const nothing = { partitionState: CLOCKED, instrumentStates: new Map<string, Buffer>() };
    return Promise.resolve({ epoch: 1, nextOffset: 0, ...nothing });
  }

  save(_topic: string, _partition: number, write: CheckpointWrite): Promise<'saved'> {
    if (this.isAway) return Promise.reject(new Error('away'));
    this.saved.push(write);
    return Promise.resolve('saved');
  }
}

export const surroundings = {
  latenessUs: 2_000_000,
  log: { append: () => Promise.resolve() },
  verifyControl: () => 'bad_hmac' as const,
  clockSeen: () => undefined,
  topicName: (name: string) => name,
  failPoints: new FailPoints(null),
  count: () => () => undefined,
};

/** A trade of `v:symbol` as its record in `ticks`. */
function tradeRecord(symbol: string, offset: number): LogRecord {
  const ts = 1_700_000_000_000_000 + offset;
  const trade = { kind: 'trade', venue: 'v', symbol, id: String(offset), ts, price: 1, size: 1 };
  const value = Buffer.from(JSON.stringify(trade));
  return { topic: 'ticks', partition: 0, offset, timestampUs: ts, key: `v:${symbol}`, value };
}

/** What changed while the store was away is in the first checkpoint that it takes again. */
export async function expectNothingForgotten(
  task: PartitionTask,
  checkpoints: RememberedCheckpoints,
): Promise<void> {
  const heartbeat = (): Promise<void> => Promise.resolve();
  checkpoints.isAway = true;
  await task.process([tradeRecord('A', 0)], heartbeat);
  await expect(task.checkpoint?.()).rejects.toThrow('away');
  checkpoints.isAway = false;
  await task.process([tradeRecord('B', 1)], heartbeat);
  await task.checkpoint?.();
  await task.process([tradeRecord('B', 2)], heartbeat);
  await task.checkpoint?.();
  const saved = checkpoints.saved.map((write) => [
    write.nextOffset,
    [...write.instrumentStates.keys()].toSorted(),
  ]);
  expect(saved).toEqual([
    [2, ['v:A', 'v:B']],
    [3, ['v:B']],
  ]);
}
