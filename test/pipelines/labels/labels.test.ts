import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labelDecisions, type LabelRequest } from '../../../pipelines/labels/labels.ts';
import type { LabelPrice } from '../../../pipelines/grades/grading.ts';

const S = 1_000_000;
const HORIZON = 3600 * S;
const LATENESS = 2 * S;

const price = (ts: number, value: number, knownAt = ts): LabelPrice => ({
  ts,
  knownAt,
  price: value,
});

const request = (
  decidedTs: readonly number[],
  prices: readonly LabelPrice[],
  more: Partial<LabelRequest> = {},
): LabelRequest => ({
  venue: 'v',
  symbol: 's',
  labelSpec: 'direction_1h@1',
  horizonUs: HORIZON,
  latenessUs: LATENESS,
  decisions: decidedTs.map((ts) => ({ ts, decidedTs: ts })),
  prices,
  arrivals: prices,
  gaps: [],
  ...more,
});

const end = HORIZON + 100 * S;

describe('labels', () => {
  test('entry is strictly behind the decision, exit at or before the end of the horizon', () => {
    const prices = [
      price(100 * S, 10),
      price(100 * S + 1, 11),
      price(end, 12),
      price(end + 1, 99),
      price(end + LATENESS, 98),
    ];
    const [label] = labelDecisions(request([100 * S], prices));
    expect(label).toMatchObject({
      entry_price: 11,
      exit_price: 12,
      exit_ts: end,
      up: 1,
      state: 'matured',
    });
    expect(label?.forward_return).toBeCloseTo(1 / 11, 12);
    expect(label?.label_known_at).toBe(end + LATENESS);
  });

  test('nothing is labelled before the stream has passed the horizon and the lateness', () => {
    const prices = [price(101 * S, 1), price(end, 2), price(end + LATENESS - 1, 2)];
    expect(labelDecisions(request([100 * S], prices))).toEqual([]);
  });

  test('a price that was known only after the label does not count', () => {
    const prices = [
      price(101 * S, 1),
      price(end - 1, 2),
      price(end, 5, end + 60 * S),
      price(end + LATENESS, 3),
    ];
    const [label] = labelDecisions(request([100 * S], prices));
    expect(label?.exit_price).toBe(2);
  });

  test('an unchanged price is not up', () => {
    const prices = [price(101 * S, 1), price(end, 1), price(end + LATENESS, 1)];
    expect(labelDecisions(request([100 * S], prices))[0]).toMatchObject({
      up: 0,
      state: 'matured',
    });
  });

  test.each([
    ['no_entry', [price(100 * S + 181 * S, 1), price(end, 2)]],
    ['no_exit', [price(101 * S, 1), price(end - 181 * S, 2)]],
    ['no_entry', []],
  ] as const)('void for %s', (reason, prices) => {
    const all = [...prices, price(end + LATENESS, 9)];
    expect(labelDecisions(request([100 * S], all))[0]).toMatchObject({
      state: 'void',
      void_reason: reason,
      up: null,
      entry_price: null,
    });
  });

  test('void when entry and exit are one tick, or a gap touches the interval', () => {
    const horizonUs = 10 * S;
    const one = [price(100 * S + 0.2 * S, 1), price(200 * S, 1)];
    // With a tolerance of half a second on both sides only a tiny horizon lets one tick be both.
    const same = labelDecisions({ ...request([100 * S], one), horizonUs: 0.4 * S });
    expect(same[0]).toMatchObject({ state: 'void' });
    const prices = [price(100.1 * S, 1), price(110 * S, 2), price(113 * S, 2)];
    const gap = { fromTs: 104 * S, toTs: 105 * S, knownAt: 107 * S };
    expect(
      labelDecisions({ ...request([100 * S], prices), horizonUs, gaps: [gap] })[0]?.void_reason,
    ).toBe('gap');
    const outside = { fromTs: 90 * S, toTs: 100 * S, knownAt: 102 * S };
    const later = { ...gap, knownAt: 113 * S + 1 };
    for (const harmless of [outside, later]) {
      const input = { ...request([100 * S], prices), horizonUs, gaps: [harmless] };
      expect(labelDecisions(input)[0]?.state).toBe('matured');
    }
  });

  test('equals a naive definition on any prices and decisions', () => {
    const times = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(
        times,
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }),
        (ts, at) => {
          const prices = ts
            .toSorted((a, b) => a - b)
            .map((t) => price(t * S, 100 + ((t * 7) % 13)));
          const decided = at.toSorted((a, b) => a - b).map((t) => t * S);
          const horizonUs = 60 * S;
          const rows = labelDecisions({ ...request(decided, prices), horizonUs });
          for (const row of rows) {
            const endTs = row.decided_ts + horizonUs;
            const entry = prices.find((p) => p.ts > row.decided_ts && p.ts <= endTs);
            const exit = prices.findLast((p) => p.ts <= endTs && p.ts > row.decided_ts);
            const sound =
              entry !== undefined &&
              exit !== undefined &&
              entry !== exit &&
              entry.ts <= row.decided_ts + 3 * S &&
              exit.ts >= endTs - 3 * S;
            expect(row.state).toBe(sound ? 'matured' : 'void');
            if (sound) expect([row.entry_price, row.exit_price]).toEqual([entry.price, exit.price]);
          }
          const lastTs = prices.at(-1)?.ts ?? 0;
          const matured = decided.filter((d) => d + horizonUs + LATENESS <= lastTs);
          expect(rows.length).toBe(matured.length);
        },
      ),
    );
  });
});
