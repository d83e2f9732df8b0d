/** Work that repeats slows down while it fails. */
import { describe, expect, test } from 'vitest';
import { REAL_TIME } from '../../src/clock.ts';
import { repeat } from '../../src/processes/pace.ts';

describe('repeated work', () => {
  test('pauses twice as long after each failure, half a minute at most, until all is well', async () => {
    const pauses: number[] = [];
    const stop = new AbortController();
    const told: string[] = [];
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
        onFailed: async (error) => void told.push((error as Error).message),
        onWell: async () => void told.push('well'),
      },
      stop.signal,
      time,
    );
    expect(pauses).toEqual([500, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3, 500, 500]);
    expect(told.at(-2)).toBe('well');
  });
});
