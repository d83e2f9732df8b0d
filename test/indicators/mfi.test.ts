import { expect, test } from 'vitest';
import { mfi } from '../../src/indicators/mfi.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('the money flow index equals the outside numbers', () => {
  expectSeries(
    overWindows(15, ({ high, low, close, volume }) => mfi(high, low, close, volume, 14)),
    STOCK['mfi'],
  );
});

test('it is 100 when every price rose and unknown without volume', () => {
  const rising = [1, 2, 3];
  expect(mfi(rising, rising, rising, [5, 5, 5], 2)).toBe(100);
  expect(mfi(rising, rising, rising, [0, 0, 0], 2)).toBeNull();
});
