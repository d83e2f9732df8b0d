/** What was made due is not asked about again, and what failed is. */
import { expect, test } from 'vitest';
import { DueIndex } from '../../src/app/due-index.ts';

test('a time is made due once by job and subject, a later one anew, one that failed again', async () => {
  const index = new DueIndex();
  const made: string[] = [];
  const make = (job: string, subject: string, ts: number): Promise<void> =>
    index.once(job, subject, ts, async () => void made.push(`${job} ${subject} ${ts}`));
  for (const ts of [1, 1, 2, 1]) await make('review', 'a', ts);
  await make('quality', 'a', 1);
  await make('review', 'b', 1);
  expect(made).toEqual(['review a 1', 'review a 2', 'quality a 1', 'review b 1']);
  const fails = index.once('training', 'a', 1, () => Promise.reject(new Error('away')));
  await expect(fails).rejects.toThrow('away');
  await make('training', 'a', 1);
  expect(made.at(-1)).toBe('training a 1');
});
