import { test } from 'vitest';
import { atrValue, stepAtr, type FirstCandle } from '../../src/indicators/atr.ts';
import { initEma } from '../../src/indicators/ema.ts';
import { BARS, PANDAS, STOCK, runBatch, expectSeries } from './oracle.ts';

const atrOver = (firstCandle: FirstCandle): (number | null)[] =>
  runBatch(
    initEma(),
    BARS,
    (state, bar, previous) =>
      stepAtr(state, bar.high, bar.low, previous?.close ?? null, 14, firstCandle),
    (state) => atrValue(state, 14),
  );

test('the average true range equals two sets of outside numbers', () => {
  expectSeries(atrOver('skip'), STOCK['atr']);
  expectSeries(atrOver('skip'), PANDAS['atr_talib']);
});

test('with the first candle counted it equals the outside numbers of that seed', () => {
  expectSeries(atrOver('count'), PANDAS['atr_first_counted']);
});
