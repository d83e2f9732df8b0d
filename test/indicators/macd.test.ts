import { test } from 'vitest';
import { initMacd, macdHistogramValue, macdLine, stepMacd } from '../../src/indicators/macd.ts';
import type { MacdPeriods, MacdState } from '../../src/indicators/macd.ts';
import { STOCK, runBatch, expectSeries, quotes } from './oracle.ts';

const PERIODS: MacdPeriods = [12, 26, 9];

const macdOver = (getValue: (state: MacdState) => number | null): (number | null)[] =>
  runBatch(
    initMacd(),
    quotes.close,
    (state, close) => stepMacd(state, close, PERIODS),
    (state) => getValue(state),
  );

test('the line equals the outside numbers', () => {
  expectSeries(
    macdOver((state) => macdLine(state, PERIODS)),
    STOCK['macd'],
  );
});

test('the histogram equals the outside numbers', () => {
  expectSeries(
    macdOver((state) => macdHistogramValue(state, PERIODS)),
    STOCK['macd_histogram'],
  );
});
