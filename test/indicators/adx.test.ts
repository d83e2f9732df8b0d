import { expect, test } from 'vitest';
import { adxValue, initAdx, minusDi, plusDi, stepAdx } from '../../src/indicators/adx.ts';
import type { AdxState } from '../../src/indicators/adx.ts';
import { BARS, STOCK, runBatch, expectSeries } from './oracle.ts';

type Bar = Pick<(typeof BARS)[number], 'high' | 'low' | 'close'>;

const over = (bars: readonly Bar[], getValue: (state: AdxState) => number | null) =>
  runBatch(
    initAdx(),
    bars,
    (state, bar, previous) => {
      if (previous !== null) stepAdx(state, bar, previous, 14);
    },
    (state) => getValue(state),
  );

test('+DI, -DI and ADX equal the outside numbers', () => {
  expectSeries(
    over(BARS, (state) => plusDi(state, 14)),
    STOCK['plus_di'],
  );
  expectSeries(
    over(BARS, (state) => minusDi(state, 14)),
    STOCK['minus_di'],
  );
  expectSeries(
    over(BARS, (state) => adxValue(state, 14)),
    STOCK['adx'],
  );
});

test('a market that does not move has no trend and no direction', () => {
  const flat = Array.from({ length: 40 }, () => ({ high: 5, low: 5, close: 5 }));
  expect(over(flat, (state) => adxValue(state, 14)).at(-1)).toBe(0);
  expect(over(flat, (state) => plusDi(state, 14)).at(-1)).toBeNull();
});
