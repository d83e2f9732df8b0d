import { expect, test } from 'vitest';
import { sinkStage } from '../../pipelines/sink-task.ts';
import { featuresTable } from '../../src/tables/questdb/features.ts';
import { RememberedCheckpoints, surroundings, tradeRecord } from '../support/stage-surroundings.ts';

const nothing = (): Promise<void> => Promise.resolve();

test('a checkpoint of the sink that failed leaves all that changed to the next one', async () => {
  const checkpoints = new RememberedCheckpoints();
  const stage = sinkStage({
    ...surroundings,
    checkpoints,
    writer: { write: () => Promise.resolve([]) },
    reader: { query: () => Promise.resolve([]), waitApplied: nothing },
    featuresTable: featuresTable([]),
    modelHeld: nothing,
    controlsPassed: nothing,
    stored: nothing,
    backfilled: nothing,
  });
  const task = await stage.open('ticks', 0);
  checkpoints.isAway = true;
  await task.process([tradeRecord('A', 0)], nothing);
  await expect(task.checkpoint?.()).rejects.toThrow('away');
  checkpoints.isAway = false;
  await task.process([tradeRecord('B', 1)], nothing);
  await task.checkpoint?.();
  await task.process([tradeRecord('B', 2)], nothing);
  await task.checkpoint?.();
  const saved = checkpoints.saved.map((write) => [
    write.nextOffset,
    [...write.instrumentStates.keys()].toSorted(),
  ]);
  expect(saved).toEqual([
    [2, ['v:A', 'v:B']],
    [3, ['v:B']],
  ]);
});
