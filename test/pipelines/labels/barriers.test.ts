/** Barrier labels against a plain walk over the prices, and at the edges of their definition. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BARRIERS,
  labelBarriers,
  type BarrierRequest,
} from '../../../pipelines/labels/barriers.ts';
import type { LabelPrice } from '../../../pipelines/grades/grading.ts';

const S = 1_000_000;
const HORIZON = 600 * S;
const LATENESS = 2 * S;
const DECIDED = 1_000 * S;
const ATR = 0.01;

const price = (ts: number, value: number, knownAt = ts): LabelPrice => ({
  ts,
  knownAt,
  price: value,
  id: `at ${ts}`,
});

function request(
  prices: readonly LabelPrice[],
  more: Partial<BarrierRequest> = {},
): BarrierRequest {
  const shown = price(DECIDED + HORIZON + LATENESS, 500);
  const all = [...prices, shown];
  return {
    ...{ venue: 'v', symbol: 'A/USD', labelSpec: 'barrier_10m@1' },
    ...{ horizonUs: HORIZON, latenessUs: LATENESS },
    decisions: [{ ts: DECIDED, decidedTs: DECIDED }],
    ...{ prices: all, arrivals: all, gaps: [], atrs: [ATR] },
    ...more,
  };
}

const labelled = (prices: readonly LabelPrice[], more: Partial<BarrierRequest> = {}) =>
  labelBarriers(request(prices, more))[0];

const at = (s: number, value: number): LabelPrice => price(DECIDED + s * S, value);

describe('a barrier label', () => {
  test('says what either side met first, by which tick, and how far the price went', () => {
    // Long: target 103, stop 98. Short: target 97, stop 102.
    const row = labelled([at(1, 100), at(5, 99), at(9, 102), at(30, 103.5), at(600, 90)]);
    expect(row).toMatchObject({
      state: 'matured',
      entry_price: 100,
      exit_ts: DECIDED + 30 * S,
      up: 1,
      long_touched: 'target',
      long_exit_price: 103.5,
      long_exit_id: `at ${DECIDED + 30 * S}`,
      long_held_s: 29,
      short_touched: 'stop',
      short_exit_ts: DECIDED + 9 * S,
      short_exit_price: 102,
      short_held_s: 8,
    });
    expect(row?.forward_return).toBeCloseTo(0.035, 12);
    expect([row?.long_best, row?.long_worst]).toEqual([103.5 / 100 - 1, 99 / 100 - 1]);
    expect(row?.short_best).toBeCloseTo(0.01, 12);
    expect(row?.short_worst).toBeCloseTo(-0.02, 12);
  });

  test('that meets nothing expires at the last price of its horizon', () => {
    const row = labelled([at(1, 100), at(300, 101), at(599, 99.5)]);
    expect(row).toMatchObject({ long_touched: 'expiry', short_touched: 'expiry', up: 0 });
    expect(row?.exit_ts).toBe(DECIDED + 599 * S);
  });

  test('asks no more of a calm market than its own moves', () => {
    const prices = [at(1, 100), at(300, 100.4), at(599, 100)];
    expect(labelled(prices)?.long_touched).toBe('expiry');
    expect(labelled(prices, { atrs: [0.001] })).toMatchObject({ long_touched: 'target', up: 1 });
  });

  test('is void without an ATR, an entry, an exit, or over a gap', () => {
    const whole = [at(1, 100), at(300, 101), at(599, 99.5)];
    const gap = { fromTs: DECIDED + 200 * S, toTs: DECIDED + 250 * S, knownAt: DECIDED };
    const reason = (row: ReturnType<typeof labelled>) => [row?.state, row?.void_reason];
    expect(reason(labelled(whole, { atrs: [null] }))).toEqual(['void', 'warming_up']);
    expect(reason(labelled(whole.slice(1)))).toEqual(['void', 'no_entry']);
    expect(reason(labelled(whole.slice(0, 2)))).toEqual(['void', 'no_exit']);
    expect(reason(labelled(whole, { gaps: [gap] }))).toEqual(['void', 'gap']);
    expect(labelled(whole, { atrs: [null] })).toMatchObject({ up: null, long_touched: null });
  });

  test('is not there before its horizon was seen to be over', () => {
    const prices = [at(1, 100), at(300, 103)];
    expect(labelBarriers({ ...request(prices), arrivals: prices })).toEqual([]);
  });

  test('equals a walk over every price, whatever the market', () => {
    const path = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -15, max: 15 })),
      {
        minLength: 40,
        maxLength: 120,
      },
    );
    let touched = 0;
    fc.assert(
      fc.property(path, fc.integer({ min: 1, max: 30 }), (steps, permille) => {
        let [ts, value] = [DECIDED, 100];
        const prices = steps.map(([s, tenths]) => {
          ts += s * S;
          value += tenths / 10;
          return price(ts, value);
        });
        const atr = permille / 1000;
        const row = labelled(
          prices.filter((one) => one.ts < DECIDED + HORIZON + LATENESS),
          {
            atrs: [atr],
          },
        );
        if (row?.state !== 'matured') return;
        for (const [side, sign] of [
          ['long', 1],
          ['short', -1],
        ] as const) {
          const walked = walk(prices, atr, sign);
          expect([row[`${side}_touched`], row[`${side}_exit_ts`]]).toEqual(walked);
          if (walked[0] !== 'expiry') touched += 1;
        }
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(touched).toBeGreaterThan(50);
  });
});

/** As one would do it by hand: the levels, then price by price. */
function walk(
  prices: readonly LabelPrice[],
  atr: number,
  sign: 1 | -1,
): readonly [string, number | undefined] {
  const within = prices.filter(({ ts }) => ts > DECIDED && ts <= DECIDED + HORIZON);
  const [entry, ...rest] = within;
  const base = entry?.price ?? NaN;
  const stop = base * (1 - sign * BARRIERS.stop * atr);
  const target = base * (1 + sign * BARRIERS.target * atr);
  for (const one of rest) {
    if (sign * one.price <= sign * stop) return ['stop', one.ts];
    if (sign * one.price >= sign * target) return ['target', one.ts];
  }
  return ['expiry', within.at(-1)?.ts];
}
