import { expect, test } from 'vitest';
import { williamsR } from '../../src/indicators/williams-r.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('Williams %R equals the outside numbers', () => {
  expectSeries(
    overWindows(14, ({ high, low, close }) => williamsR(high, low, close, 14)),
    STOCK['williams_r'],
  );
});

test('it is 0, without a sign, at the top of the range', () => {
  expect(williamsR([2, 3], [1, 1], [2, 3], 2)).toBe(0);
});

test('it is unknown where no price moved', () => {
  expect(williamsR([2, 2], [2, 2], [2, 2], 2)).toBeNull();
});
