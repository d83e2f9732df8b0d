import { test } from 'vitest';
import { streamStage } from '../../../pipelines/stream/stream-task.ts';
import { US_PER_HOUR } from '../../../src/domain/time.ts';
import {
  expectNothingForgotten,
  RememberedCheckpoints,
  surroundings,
} from '../../support/stage-surroundings.ts';

test('a checkpoint of the stream that failed leaves all that changed to the next one', async () => {
  const checkpoints = new RememberedCheckpoints();
  const stage = streamStage({
    ...surroundings,
    settings: { horizonUs: US_PER_HOUR, labelSpec: 'direction_1h@1' },
    checkpoints,
    models: { load: () => Promise.reject(new Error('there is none')) },
  });
  await expectNothingForgotten(await stage.open('ticks', 0), checkpoints);
});
