import { test } from 'vitest';
import { emaValue, initEma, stepEma } from '../../src/indicators/ema.ts';
import { STOCK, runBatch, expectSeries, quotes } from './oracle.ts';

test('the exponential average equals the outside numbers', () => {
  const values = runBatch(
    initEma(),
    quotes.close,
    (state, close) => stepEma(state, close, 20),
    (state) => emaValue(state, 20),
  );
  expectSeries(values, STOCK['ema']);
});
