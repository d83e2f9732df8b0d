import { expect, test } from 'vitest';
import { realisedVolatility } from '../../src/indicators/realised-volatility.ts';
import { PANDAS, expectSeries, overWindows } from './oracle.ts';

test('realised volatility equals the outside numbers', () => {
  expectSeries(
    overWindows(21, ({ close }) => realisedVolatility(close, 20)),
    PANDAS['realised_volatility'],
  );
});

test('it is unknown where a price is not positive', () => {
  expect(realisedVolatility([10, -1, 10], 2)).toBeNull();
  expect(realisedVolatility([10, 0, 10], 2)).toBeNull();
});
