import { expect, test } from 'vitest';
import { initRsi, rsiValue, stepRsi } from '../../src/indicators/rsi.ts';
import { STOCK, runBatch, expectSeries, quotes } from './oracle.ts';

const rsiOver = (closes: readonly number[]): (number | null)[] =>
  runBatch(
    initRsi(),
    closes,
    (state, close, previous) => {
      if (previous !== null) stepRsi(state, close - previous, 14);
    },
    (state) => rsiValue(state, 14),
  );

test('the relative strength index equals the outside numbers', () => {
  expectSeries(rsiOver(quotes.close), STOCK['rsi']);
});

test('it is 100 when every close rose and unknown when none moved', () => {
  expect(rsiOver(Array.from({ length: 20 }, (_, i) => i)).at(-1)).toBe(100);
  expect(rsiOver(Array.from({ length: 20 }, () => 5)).at(-1)).toBeNull();
});
