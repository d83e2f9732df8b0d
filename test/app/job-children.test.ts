/** Processes of jobs: however one behaves, its task ends, and the next one is done. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { REAL_TIME, type RunningTime } from '../../src/clock.ts';
import { JobChild } from '../../src/app/job-children.ts';

const ENTRY = fileURLToPath(new URL('./child-of-test.ts', import.meta.url));
/** A loaded machine takes long to start a process. */
const BOUNDS = { longestMs: 90_000, silentMs: 5_000 };
const children: JobChild[] = [];
const made = (time = REAL_TIME): JobChild => {
  const child = new JobChild([], ENTRY, time);
  children.push(child);
  return child;
};
afterAll(() => Promise.all(children.map((child) => child.stop())));
const task = (subject: string) => ({ data: { subject, dueTs: 0 }, claim: 'c' });

describe.concurrent('a task', { timeout: 120_000 }, () => {
  test('is done by one process after the other', async () => {
    const child = made();
    expect(await child.run(task('work'), BOUNDS)).toEqual({ ended: 'done' });
    const { pid } = child;
    expect(await child.run(task('work'), BOUNDS)).toEqual({ ended: 'done' });
    expect(child.pid).toBe(pid);
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', note);
    for (let times = 0; times < 15; times++) await child.run(task('work'), BOUNDS);
    process.off('warning', note);
    // Such as one of listeners that are left behind.
    expect(warnings).toEqual([]);
  });

  test('of a frozen process is ended, and the next one is done by a new one', async () => {
    const child = made();
    const ending = await child.run(task('freeze'), BOUNDS);
    expect(ending).toMatchObject({ ended: 'frozen' });
    expect(await child.run(task('work'), BOUNDS)).toEqual({ ended: 'done' });
  });

  test('that keeps its process busy is not taken for frozen', async () => {
    const child = made();
    await child.run(task('work'), BOUNDS);
    expect(await child.run(task('busy'), BOUNDS)).toEqual({ ended: 'done' });
  });

  test('that never ends is ended at its bound', async () => {
    const child = made();
    const bounds = { ...BOUNDS, longestMs: 3_000 };
    const startMs = performance.now();
    expect(await child.run(task('never'), bounds)).toMatchObject({ ended: 'overdue' });
    expect(performance.now() - startMs).toBeLessThan(30_000);
    expect(child.pid).toBeNull();
  });

  test('whose process ends says with what, and one that is not wanted is ended', async () => {
    const child = made();
    const crashed = await child.run(task('crash'), BOUNDS);
    expect(crashed).toMatchObject({ ended: 'crashed', error: { message: /exit code 7/ } });
    const isWanted = () => Promise.resolve(false);
    const ending = await child.run(task('never'), { ...BOUNDS, isWanted });
    expect(ending).toMatchObject({ ended: 'cancelled' });
  });

  test('is not ended for the time in which its parent stood still', async () => {
    let awayMs = 0;
    const time: RunningTime = { ...REAL_TIME, monotonicMs: () => performance.now() + awayMs };
    const child = made(time);
    await child.run(task('work'), BOUNDS);
    const ending = child.run(task('busy'), BOUNDS);
    setTimeout(() => (awayMs = 120_000), 1_500);
    expect(await ending).toEqual({ ended: 'done' });
  });
});
