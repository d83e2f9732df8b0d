/** danfojs behind its door: loaded by the first table, and safe with names from outside. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import '../../pipelines/reports/job.ts';
import '../../src/cli/commands/curate.ts';
import '../../src/cli/commands/dataset.ts';
import { figuresBy, numbersDescribed } from '../../src/summaries/frame.ts';

const isLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('danfojs-node'));

test('is loaded by the first table, not by the programs that could make one', async () => {
  expect(isLoaded()).toBe(false);
  await figuresBy([1], String, (x) => ({ x }), { x: ['sum'] });
  expect(isLoaded()).toBe(true);
}, 120_000);

test('groups have names that would be numbers, properties or each other when joined', async () => {
  const keys = ['10', '__proto__', '9', 'a-b', 'constructor', 'a', '', '10'];
  const found = await figuresBy(
    keys.map((key, x) => ({ key, x })),
    ({ key }) => key,
    ({ x }) => ({ x }),
    { x: ['sum', 'count'] },
  );
  expect([...found.keys()]).toEqual(['10', '__proto__', '9', 'a-b', 'constructor', 'a', '']);
  expect([...found.values()].map((of) => of['x_sum'])).toEqual([7, 1, 2, 3, 4, 5, 6]);
  expect(found.get('10')?.['x_count']).toBe(2);
  expect(await figuresBy([], String, () => ({}), { x: ['sum'] })).toEqual(new Map());
});

test('numbers are described as pandas does; nothing is made of nothing', async () => {
  // pandas.Series([1, 2, 3, 10]).describe()
  expect(await numbersDescribed([10, 1, 3, 2])).toEqual({
    mean: 4,
    std: expect.closeTo(4.08248290463863, 12),
    min: 1,
    median: 2.5,
    max: 10,
  });
  expect(await numbersDescribed([7])).toMatchObject({ mean: 7, std: null });
  expect(await numbersDescribed([])).toMatchObject({ mean: null, max: null });
});
