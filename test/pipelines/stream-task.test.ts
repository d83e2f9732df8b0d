import { expect, test } from 'vitest';
import { streamStage } from '../../pipelines/stream-task.ts';
import { US_PER_HOUR } from '../../src/domain/time.ts';
import { RememberedCheckpoints, surroundings, tradeRecord } from '../support/stage-surroundings.ts';

const beat = (): Promise<void> => Promise.resolve();

test('a checkpoint of the stream that failed leaves all that changed to the next one', async () => {
  const checkpoints = new RememberedCheckpoints();
  const stage = streamStage({
    ...surroundings,
    settings: { horizonUs: US_PER_HOUR, labelSpec: 'direction_1h@1' },
    checkpoints,
    models: { load: () => Promise.reject(new Error('there is none')) },
  });
  const task = await stage.open('ticks', 0);
  checkpoints.isAway = true;
  await task.process([tradeRecord('A', 0)], beat);
  await expect(task.checkpoint?.()).rejects.toThrow('away');
  checkpoints.isAway = false;
  await task.process([tradeRecord('B', 1)], beat);
  await task.checkpoint?.();
  await task.process([tradeRecord('B', 2)], beat);
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
