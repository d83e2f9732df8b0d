import { describe, expect, test } from 'vitest';
import { standingText, Standstill, type Place } from '../../src/stream/standstill.ts';

const place = (position: number, end: number, epoch: number | null = 1): Place => ({
  ...{ stage: 'trades', topic: 'fills', partition: 0 },
  ...{ position, end, epoch },
});

/** Looks once a second; the seconds at which the partition is said to stand still. */
function standing(of: (second: number) => Place | null, seconds: number): number[] {
  const standstill = new Standstill(30_000);
  return Array.from({ length: seconds }, (_, i) => i).filter((second) => {
    const seen = of(second);
    if (seen === null) standstill.forget();
    return standstill.look(seen === null ? [] : [seen], second * 1_000).length > 0;
  });
}
const first = (of: (second: number) => Place | null): number | undefined => standing(of, 300)[0];

describe('a partition stands still', () => {
  test('when it is behind and has not moved for the limit, until it moves', () => {
    expect(standing((s) => place(s < 40 ? 3 : 4, 9), 60)).toEqual([
      30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    ]);
    expect(
      first((s) => place(s < 10 ? 9 : 9, s < 10 ? 9 : 10)),
      'behind since 10',
    ).toBe(40);
  });

  test('not while it moves, however slowly, back or forth, nor while there is nothing to read', () => {
    expect(first((s) => place(Math.floor(s / 29), 99))).toBeUndefined();
    expect(first((s) => place(50 - Math.floor(s / 29), 99))).toBeUndefined();
    expect(first(() => place(9, 9))).toBeUndefined();
    expect(first(() => place(9, 4))).toBeUndefined();
    expect(
      first((s) => place(s % 20 === 0 ? 9 : 8, 9)),
      'caught up in between',
    ).toBeUndefined();
  });

  test('an owner that has just begun has its time, and one that begins again and again has not', () => {
    expect(first((s) => place(3, 9, s < 25 ? 1 : 2))).toBe(55);
    expect(first((s) => place(3, 9, Math.floor(s / 5)))).toBe(35);
    expect(
      first((s) => place(3, 9, s < 25 ? null : 2)),
      'an owner that was not known',
    ).toBe(30);
    expect(
      first((s) => place(s < 20 ? 3 : 4, 9, Math.floor(s / 5))),
      'moved between',
    ).toBe(55);
  });

  test('its time begins anew where nobody could look', () => {
    expect(first((s) => (s === 20 ? null : place(3, 9)))).toBe(51);
  });

  test('is told with its stage, place and time', () => {
    const [found] = [place(3, 9)].map((each) => ({ ...each, forMs: 45_400 }));
    expect(standingText(found!)).toBe('trades stands still at 3 of 9 in fills/0 for 45 s');
  });

  test('partitions of stages and topics are apart', () => {
    const standstill = new Standstill(30_000);
    const all = [place(3, 9), { ...place(1, 9), partition: 1 }, { ...place(3, 9), stage: 'sink' }];
    standstill.look(all, 0);
    const moved = [all[0]!, { ...all[1]!, position: 2 }, { ...all[2]!, position: 9 }];
    expect(standstill.look(moved, 30_000)).toEqual([{ ...all[0], forMs: 30_000 }]);
  });
});
