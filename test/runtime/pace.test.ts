/** Work that repeats slows down while it fails. */
import { describe, expect, test } from 'vitest';
import { REAL_TIME } from '../../src/clock.ts';
import { repeat } from '../../src/runtime/pace.ts';

describe('repeated work', () => {
  test('pauses twice as long after each failure, half a minute at most, until all is well', async () => {
    const pauses: number[] = [];
    const stop = new AbortController();
    const reported: string[] = [];
    let rounds = 0;
    const time = {
      ...REAL_TIME,
      sleep: (ms: number) => {
        pauses.push(ms);
        if (pauses.length === 10) stop.abort();
        return Promise.resolve();
      },
    };
    await repeat(
      {
        everyMs: 500,
        work: () => (++rounds === 9 ? Promise.resolve() : Promise.reject(new Error('away'))),
        onFailed: async (error) => void reported.push((error as Error).message),
        onWell: async () => void reported.push('well'),
      },
      stop.signal,
      time,
    );
    expect(pauses).toEqual([500, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3, 500, 500]);
    expect(reported.at(-2)).toBe('well');
  });

  test('comes less often where it takes long or costs much, half a minute at most', async () => {
    // How long each round takes, and what it costs of this process's time.
    const rounds = [
      [10, 5],
      [400, 50],
      [600, 5],
      [100, 60],
      [600, 400],
      [10, 5],
    ] as const;
    const pauses: number[] = [];
    const stop = new AbortController();
    let [nowMs, usedMs] = [0, 0];
    const time = {
      ...REAL_TIME,
      monotonicMs: () => nowMs,
      sleep: (ms: number) => {
        pauses.push(ms);
        if (pauses.length === rounds.length) stop.abort();
        return Promise.resolve();
      },
    };
    const work = (): Promise<void> => {
      const [tookMs = 0, costMs = 0] = rounds[pauses.length] ?? [];
      nowMs += tookMs;
      usedMs += costMs;
      return Promise.resolve();
    };
    const never = () => Promise.resolve();
    const repeated = { everyMs: 500, work, onFailed: never, onWell: never };
    await repeat(repeated, stop.signal, time, () => usedMs);
    expect(pauses).toEqual([500, 500, 19 * 600, 49 * 60, 49 * 400, 500]);
  });

  test('that finds nothing for long is looked for every two seconds, until there is some', async () => {
    const pauses: number[] = [];
    const stop = new AbortController();
    const time = {
      ...REAL_TIME,
      monotonicMs: () => 0,
      sleep: (ms: number) => {
        pauses.push(ms);
        if (pauses.length === 66) stop.abort();
        return Promise.resolve();
      },
    };
    const work = () => Promise.resolve(pauses.length === 63);
    const never = () => Promise.resolve();
    await repeat(
      { everyMs: 500, work, onFailed: never, onWell: never },
      stop.signal,
      time,
      () => 0,
    );
    expect(pauses.slice(0, 59).every((ms) => ms === 500)).toBe(true);
    expect(pauses.slice(58)).toEqual([500, 2000, 2000, 2000, 2000, 500, 500, 500]);
  });
});
