import { expect, test } from 'vitest';
import { cci } from '../../src/indicators/cci.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('the commodity channel index equals the outside numbers', () => {
  expectSeries(
    overWindows(20, ({ high, low, close }) => cci(high, low, close, 20)),
    STOCK['cci'],
  );
});

test('it is unknown where no price moved', () => {
  const flat = Array.from({ length: 20 }, () => 61_737.63);
  expect(cci(flat, flat, flat, 20)).toBeNull();
});
