/** Work that is tried again, and what ends it. */
import { describe, expect, test } from 'vitest';
import { retried, untilAborted } from '../src/lifecycle.ts';

/** Work that fails with these, one after the other, and then gives `done`. */
function failing(...messages: string[]) {
  const left = [...messages];
  return (): Promise<string> => {
    const message = left.shift();
    return message === undefined ? Promise.resolve('done') : Promise.reject(new Error(message));
  };
}
const errorMessage = (error: unknown): string => (error as Error).message;

describe('work that is tried again', () => {
  const reported: string[] = [];
  const { signal } = new AbortController();
  const patience = {
    signal,
    pauseMs: 0,
    isTransient: (error: unknown) => errorMessage(error).startsWith('away'),
    onRetry: (error: unknown) => reported.push(errorMessage(error)),
  };

  test('gives what it gives in the end, and each failure before is told', async () => {
    expect(await retried(failing('away 1', 'away 2'), patience)).toBe('done');
    expect(reported.splice(0)).toEqual(['away 1', 'away 2']);
  });

  test('ends with an error that does not pass, and is not tried when aborted', async () => {
    await expect(retried(failing('away', 'wrong'), patience)).rejects.toThrow('wrong');
    expect(reported.splice(0)).toEqual(['away']);
    const aborted = { ...patience, signal: AbortSignal.abort() };
    await expect(retried(failing('away'), aborted)).rejects.toThrow('away');
    expect(reported).toEqual([]);
  });
});

describe('work that repeats', () => {
  test('goes on behind a failure until it is aborted, or its failure is not borne', async () => {
    const controller = new AbortController();
    const failed: string[] = [];
    let times = 0;
    const work = (): Promise<void> => {
      if (++times === 3) controller.abort();
      return times === 2 ? Promise.reject(new Error('second')) : Promise.resolve();
    };
    const repeated = { signal: controller.signal, everyMs: 0 };
    const onFailed = (error: unknown): void => void failed.push(errorMessage(error));
    await untilAborted(work, { ...repeated, onFailed });
    expect([times, failed]).toEqual([3, ['second']]);
    const end = (error: unknown): void => {
      throw error;
    };
    const endless = { signal: new AbortController().signal, everyMs: 0, onFailed: end };
    await expect(untilAborted(() => Promise.reject(new Error('over')), endless)).rejects.toThrow(
      'over',
    );
  });
});
