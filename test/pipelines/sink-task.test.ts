import { test } from 'vitest';
import { sinkStage } from '../../pipelines/sink-task.ts';
import { featuresTable } from '../../src/tables/questdb/features.ts';
import {
  expectNothingForgotten,
  RememberedCheckpoints,
  surroundings,
} from '../support/stage-surroundings.ts';

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
    clockPassed: nothing,
    written: nothing,
    noteDead: nothing,
    noteKinds: nothing,
  });
  await expectNothingForgotten(await stage.open('ticks', 0), checkpoints);
});
