import { describe, expect, test } from 'vitest';
import { ClockBeat } from '../../../pipelines/control/clock-beat.ts';
import type { ClockControl } from '../../../src/domain/control.ts';

const S = 1_000_000;
const HOUR = 3_600 * S;
const NOW = 1_795_776_257 * S;

/** A machine whose wall clock can be set; both go on together. */
function machine() {
  const beat = new ClockBeat();
  const time = { wallUs: NOW, uptimeUs: 5_000 * S };
  const after = (us: number): ClockControl | null => {
    time.wallUs += us;
    time.uptimeUs += us;
    return beat.due({ ...time });
  };
  return { beat, time, after };
}

describe('the clock of an installation', () => {
  test('is due at the start and every ten seconds', () => {
    const { after } = machine();
    expect(after(0)).toEqual({ ts: NOW });
    expect(after(9.9 * S)).toBeNull();
    expect(after(0.1 * S)).toEqual({ ts: NOW + 10 * S });
  });

  test('is not due while others send theirs, but is when somebody waits for it', () => {
    const { beat, time, after } = machine();
    after(0);
    after(5 * S);
    beat.heard({ ts: time.wallUs }, { ...time });
    expect(after(9 * S)).toBeNull();
    beat.request();
    expect(after(0)).toEqual({ ts: time.wallUs });
    beat.request();
    expect(after(0.5 * S), 'at most one a second').toBeNull();
    expect(after(0.5 * S)).toEqual({ ts: time.wallUs });
  });

  test('one of a backlog does not keep it from being sent', () => {
    const { beat, time, after } = machine();
    after(0);
    after(9 * S);
    beat.heard({ ts: NOW - HOUR }, { ...time });
    expect(after(1 * S)).toEqual({ ts: NOW + 10 * S });
  });

  test.each([HOUR, -HOUR])('that jumps by %d is held back until somebody accepts it', (jump) => {
    const { beat, time, after } = machine();
    after(0);
    time.wallUs += jump;
    expect(after(10 * S)).toEqual({ ts: NOW + jump + 10 * S, held: true });
    expect(after(10 * S), 'and stays so').toMatchObject({ held: true });
    beat.heard({ ts: time.wallUs, accepted: true }, { ...time });
    expect(after(10 * S)).toEqual({ ts: time.wallUs });
  });

  test('that jumps back to what it was goes on', () => {
    const { time, after } = machine();
    after(0);
    time.wallUs += HOUR;
    expect(after(10 * S)).toMatchObject({ held: true });
    time.wallUs -= HOUR;
    expect(after(10 * S)).toEqual({ ts: NOW + 20 * S });
  });

  test('may be set a little, again and again', () => {
    const { time, after } = machine();
    after(0);
    for (let i = 0; i < 10; i++) {
      time.wallUs += 30 * S;
      expect(after(10 * S)).toEqual({ ts: time.wallUs });
    }
  });

  test('is held back from the start where the log has had a later one', () => {
    const { beat, time, after } = machine();
    beat.heard({ ts: NOW + HOUR }, { ...time });
    expect(after(20 * S)).toMatchObject({ held: true });
  });

  test('goes on behind any downtime', () => {
    const { beat, time, after } = machine();
    beat.heard({ ts: NOW - 60 * 24 * HOUR }, { ...time });
    expect(after(0)).toEqual({ ts: NOW });
  });
});
