import { expect, test } from 'vitest';
import { cmf } from '../../src/indicators/cmf.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('Chaikin money flow equals the outside numbers', () => {
  expectSeries(
    overWindows(20, ({ high, low, close, volume }) => cmf(high, low, close, volume, 20)),
    STOCK['cmf'],
  );
});

test('a candle without range counts nothing, and without volume it is unknown', () => {
  expect(cmf([3, 2], [1, 2], [3, 2], [10, 30], 2)).toBe(0.25);
  expect(cmf([3], [1], [2], [0], 1)).toBeNull();
});
