import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_DAY, US_PER_HOUR } from '../../../src/domain/time.ts';
import { summary, type Counted } from '../../../src/questdb/tables/training-data.ts';

const FIRST = parseUs('2026-05-01');

/** So many labels of a day, the newest of them at noon. */
const counted = (number: number, rows: number, changes: Partial<Counted> = {}): Counted => {
  const day = FIRST + number * US_PER_DAY;
  return {
    ...{ venue: 'v', symbol: 'S/USD', label_spec: 'direction_1h@1', day, rows },
    ...{ state: 'matured', void_reason: null, ups: 1 },
    ...{ first_ts: day + US_PER_HOUR, last_ts: day + 12 * US_PER_HOUR },
    ...changes,
  };
};

describe('what there is to train on', () => {
  test('grows from week to week, of seven UTC days each', () => {
    const days = Array.from({ length: 20 }, (_, number) => counted(number, 100 + number));
    const { samples, newest_week, week_before, first_ts, last_ts } = summary(days, null);
    expect(samples).toBe(2_000 + 190);
    expect(newest_week).toBe(700 + 13 + 14 + 15 + 16 + 17 + 18 + 19);
    expect(week_before).toBe(700 + 6 + 7 + 8 + 9 + 10 + 11 + 12);
    expect([first_ts, last_ts]).toEqual([days[0]!.first_ts, days[19]!.last_ts]);
  });

  test('has the newest thirty days, and says why other decisions are none', () => {
    const days = Array.from({ length: 40 }, (_, number) => counted(number, 4));
    const gap = counted(40, 3, { state: 'void', void_reason: 'gap', ups: null });
    const late = counted(41, 2, { state: 'void', void_reason: 'no_exit', ups: null });
    const found = summary([...days, gap, late, counted(41, 1)], { up: 1, forward_return: 0.01 });
    expect(found.days).toHaveLength(30);
    expect(found.days.at(-1)).toEqual({ day: '2026-06-11', samples: 1, ups: 1 });
    expect(found.void).toEqual({ gap: 3, no_exit: 2 });
    expect(found).toMatchObject({ samples: 161, ups: 41, up_share: 41 / 161, last_up: 1 });
  });

  test('is nothing where no outcome has matured', () => {
    const gap = counted(0, 3, { state: 'void', void_reason: 'gap', ups: null });
    expect(summary([gap], null)).toMatchObject({
      ...{ samples: 0, up_share: null, newest_week: 0, last_ts: null, days: [], void: { gap: 3 } },
    });
  });
});
