import { expect, test } from 'vitest';
import { sma } from '../../src/indicators/sma.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('the simple average equals the outside numbers', () => {
  expectSeries(
    overWindows(20, ({ close }) => sma(close, 20)),
    STOCK['sma'],
  );
});

test('the average of equal values is exactly that value', () => {
  expect(sma([1.38727, 1.38727, 1.38727], 3)).toBe(1.38727);
});
