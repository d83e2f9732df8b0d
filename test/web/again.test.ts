/** What fails is tried again until it succeeds; what is begun anew takes the place of the old. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Again } from '../../src/web/again.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what failed once', () => {
  test('two failures are told, and the third try is the last', async () => {
    const failures: (string | null)[] = [];
    let tries = 0;
    const again = new Again(
      async () => {
        if (++tries < 3) throw new Error(`try ${tries}`);
      },
      (error) => failures.push(error?.message ?? null),
    );
    again.begin();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([tries, failures]).toEqual([3, ['try 1', 'try 2', null]]);
  });

  test('what was planned for later is done once, when it is begun earlier', async () => {
    let tries = 0;
    const again = new Again(
      async () => void (tries += 1),
      () => undefined,
    );
    again.begin(2_000);
    again.begin();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries).toBe(1);
  });

  test('a failure of what is no longer wanted is not told, and not tried again', async () => {
    const failures: unknown[] = [];
    let fail: (error: Error) => void = () => undefined;
    const works = [() => new Promise<void>((_, reject) => (fail = reject)), async () => undefined];
    const again = new Again(
      () => works.shift()!(),
      (error) => failures.push(error),
    );
    again.begin();
    await vi.advanceTimersByTimeAsync(1);
    again.begin();
    await vi.advanceTimersByTimeAsync(1);
    fail(new Error('late'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failures).toEqual([null]);
  });
});
