import fc from 'fast-check';
import { pack, unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { candleEndTs, type ClosedCandle } from '../../src/domain/candle.ts';
import { FEATURES, FEATURE_NAMES } from '../../src/features/definition.ts';
import { initialFeatureState, updateFeatures } from '../../src/features/features.ts';
import type { FeatureState } from '../../src/features/features.ts';
import { drawnMarket, type Moment } from './drawn-market.ts';

type Values = (number | null)[];
const HOURS_30 = 1800;

/** The values at every moment; `between` stands for what happens to the state between two. */
function run(
  moments: readonly Moment[],
  between: (state: FeatureState) => FeatureState = (state) => state,
): Values[] {
  let state = initialFeatureState();
  return moments.map(({ endTs, closes }) => {
    state = between(state);
    return updateFeatures(state, closes, endTs);
  });
}

/** The state after a whole market. */
function warmedUp(moments: readonly Moment[]): FeatureState {
  const state = initialFeatureState();
  for (const { endTs, closes } of moments) updateFeatures(state, closes, endTs);
  return state;
}

const namesWithValue = (rows: readonly Values[]): string[] =>
  FEATURE_NAMES.filter((_, i) => rows.some((row) => typeof row[i] === 'number'));

describe('state', () => {
  const market = drawnMarket(400);

  test('the same candles give the same values', () => {
    expect(run(market)).toEqual(run(market));
  });

  test.each([
    ['msgpackr', (state: FeatureState) => unpack(pack(state)) as FeatureState],
    ['JSON', (state: FeatureState) => JSON.parse(JSON.stringify(state)) as FeatureState],
    ['structuredClone', (state: FeatureState) => structuredClone(state)],
  ])('a restore from a snapshot by %s at every point changes nothing', (_, restore) => {
    expect(run(market, restore)).toEqual(run(market));
  });

  test('a snapshot is not touched by what comes after it', () => {
    const state = warmedUp(market.slice(0, 300));
    const snapshot = structuredClone(state);
    const before = JSON.stringify(snapshot);
    for (const { endTs, closes } of market.slice(300)) updateFeatures(state, closes, endTs);
    expect(JSON.stringify(snapshot)).toBe(before);
    expect(JSON.stringify(state)).not.toBe(before);
  });

  test('warmed up, it packs into 1.7 KB and does not grow from there', () => {
    const sizes = [1500, 3000].map((minutes) => pack(warmedUp(drawnMarket(minutes))).length);
    console.log(`packed feature state: ${sizes.join(', ')} bytes`);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1700);
    expect(Math.abs(Number(sizes[1]) - Number(sizes[0]))).toBeLessThan(60);
  });
});

describe('look-ahead', () => {
  test('the values at a moment stay when later candles are other ones', () => {
    const market = drawnMarket(400);
    const other = drawnMarket(400, 2);
    for (const cut of [1, 37, 150, 333]) {
      const T = market[cut]?.endTs ?? 0;
      const spliced = [...market.slice(0, cut + 1), ...other.filter(({ endTs }) => endTs > T)];
      expect(run(spliced).slice(0, cut + 1)).toEqual(run(market.slice(0, cut + 1)));
    }
  });

  test('a candle that does not end at the moment is a broken invariant', () => {
    const [first] = drawnMarket(10);
    expect(() =>
      updateFeatures(initialFeatureState(), first?.closes ?? [], (first?.endTs ?? 0) - 1),
    ).toThrow('does not end at');
  });
});

describe('values', () => {
  test('over trades and quotes every feature gets a value', () => {
    expect(namesWithValue(run(drawnMarket(HOURS_30)))).toEqual(FEATURE_NAMES);
  });

  test('over quotes alone all but the volume features get one, and those never', () => {
    const withoutVolume = FEATURES.filter(({ needs }) => needs !== 'volume');
    expect(namesWithValue(run(drawnMarket(HOURS_30, 3, 'quotes')))).toEqual(
      withoutVolume.map(({ name }) => name),
    );
  });

  test('without quotes the spread features stay null', () => {
    const market = drawnMarket(200).map(({ endTs, closes }) => ({
      endTs,
      closes: closes.map((candle) => ({ ...candle, spreadSum: 0, spreadCount: 0 })),
    }));
    const named = new Set(namesWithValue(run(market)));
    const quoted = FEATURES.filter(({ needs }) => needs === 'quotes');
    expect(quoted.map(({ name }) => named.has(name))).toEqual([false, false]);
  });

  test('all prices a hundred times as high change no value', () => {
    const market = drawnMarket(HOURS_30);
    const actual = run(market.map(({ endTs, closes }) => ({ endTs, closes: closes.map(dearer) })));
    let worst = 0;
    run(market).forEach((row, i) => {
      row.forEach((value, j) => {
        const other = actual[i]?.[j] ?? null;
        expect(other === null, FEATURE_NAMES[j]).toBe(value === null);
        worst = Math.max(worst, Math.abs((other ?? 0) - (value ?? 0)) / (1 + Math.abs(value ?? 0)));
      });
    });
    expect(worst).toBeLessThan(1e-9);
  });

  test('they are numbers or null, whatever the candles', () => {
    const price = fc.constantFrom(0, -37.63, 0.000_01, 1, 61_737.63, 1e9);
    const amount = fc.constantFrom(0, 0.001, 5, 1e9);
    const candle = fc.tuple(price, price, price, amount, amount, amount);
    fc.assert(
      fc.property(fc.array(candle, { minLength: 150, maxLength: 200 }), (drawn) => {
        const state = initialFeatureState();
        drawn.forEach((numbers, minute) => {
          const closes = [oddCandle(numbers, minute)];
          const values = updateFeatures(state, closes, (minute + 1) * 60_000_000);
          const odd = values.filter((value) => value !== null && !Number.isFinite(value));
          expect(odd).toEqual([]);
        });
        expect(unpack(pack(state))).toEqual(JSON.parse(JSON.stringify(state)));
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  test('a return that has no logarithm does not count as a calm one', () => {
    const market = drawnMarket(50);
    const state = warmedUp(market);
    const before = structuredClone(state.minute.variance);
    const [candle] = market.at(-1)?.closes ?? [];
    const worthless = { ...(candle as ClosedCandle), timeframe: '1m' as const, close: 0 };
    updateFeatures(state, [worthless], candleEndTs(worthless));
    expect(state.minute.variance).toEqual(before);
  });

  test('a market that stands still has no direction, and its distances are exactly 0', () => {
    const still = drawnMarket(300).map(({ endTs, closes }) => ({
      endTs,
      closes: closes.map((candle) => ({
        ...candle,
        open: 1.387_27,
        high: 1.387_27,
        low: 1.387_27,
        close: 1.387_27,
      })),
    }));
    const last = byName(run(still).at(-1));
    expect(last['return_1m']).toBe(0);
    expect(last['sma_distance_20_1m']).toBe(0);
    expect(last['bb_width_20_1m']).toBe(0);
    expect(last['realised_vol_20_1m']).toBe(0);
    for (const name of ['rsi_14_1m', 'stoch_k_1m', 'cci_20_1m', 'bb_position_20_1m']) {
      expect(last[name], name).toBeNull();
    }
  });
});

describe('timeframes', () => {
  test('a feature keeps its value until its timeframe closes again', () => {
    const market = drawnMarket(300);
    const rows = run(market).map(byName);
    const pairs = market.flatMap(({ closes }, i) => {
      const longer = closes.some(({ timeframe }) => timeframe !== '1m');
      return i > 0 && !longer ? [[rows[i - 1], rows[i]]] : [];
    });
    expect(pairs.length).toBeGreaterThan(200);
    for (const [before, after] of pairs) {
      for (const name of FEATURE_NAMES.filter((n) => /_(5m|15m|1h)$/.test(n))) {
        expect(after?.[name]).toBe(before?.[name]);
      }
    }
  });

  test('the minutes without a candle before this one are counted up to 60', () => {
    const [a, b] = drawnMarket(10).flatMap(({ closes }) =>
      closes.filter(({ timeframe }) => timeframe === '1m'),
    );
    const gapAfter = (minutes: number): unknown => {
      const state = initialFeatureState();
      const first = a as ClosedCandle;
      updateFeatures(state, [first], candleEndTs(first));
      const later = { ...(b as ClosedCandle), startTs: candleEndTs(first) + minutes * 60_000_000 };
      return byName(updateFeatures(state, [later], candleEndTs(later)))['gap_1m'];
    };
    expect([0, 3, 2880].map(gapAfter)).toEqual([0, 3, 60]);
  });

  test('intensity starts anew when trades follow upon quotes', () => {
    const quotes = drawnMarket(100, 1, 'quotes');
    const trades = drawnMarket(300).slice(quotes.length);
    const values = run([...quotes, ...trades]).map((row) => byName(row)['intensity_1m']);
    expect(values[quotes.length - 1]).not.toBeNull();
    expect(values[quotes.length]).toBeNull();
    expect(values.at(-1)).not.toBeNull();
  });
});

const byName = (values: Values | undefined): Record<string, number | null | undefined> =>
  Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, values?.[i]]));

const dearer = (candle: ClosedCandle): ClosedCandle => ({
  ...candle,
  open: candle.open * 100,
  high: candle.high * 100,
  low: candle.low * 100,
  close: candle.close * 100,
  priceVolume: candle.priceVolume * 100,
});

function oddCandle(numbers: [number, number, number, number, number, number], minute: number) {
  const [a, b, close, buyVolume, sellVolume, ticks] = numbers;
  return {
    timeframe: '1m' as const,
    startTs: minute * 60_000_000,
    priceSource: 'trade' as const,
    open: a,
    high: Math.max(a, b, close),
    low: Math.min(a, b, close),
    close,
    volume: buyVolume + sellVolume,
    trades: Math.ceil(ticks),
    priceVolume: close * (buyVolume + sellVolume),
    buyVolume,
    sellVolume,
    spreadSum: 0,
    spreadCount: Math.ceil(ticks) % 2,
    flags: [],
  };
}
