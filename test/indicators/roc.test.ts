import { expect, test } from 'vitest';
import { roc } from '../../src/indicators/roc.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('the rate of change equals the outside numbers', () => {
  expectSeries(
    overWindows(15, ({ close }) => roc(close, 14)),
    STOCK['roc'],
  );
});

test('it is unknown over a price of zero', () => {
  expect(roc([0, 1], 1)).toBeNull();
});
