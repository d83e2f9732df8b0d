import { expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { obvSlope } from '../../src/indicators/obv-slope.ts';
import { PANDAS, STOCK, expectSeries, overWindows, quotes } from './oracle.ts';

test('the slope equals the outside numbers', () => {
  expectSeries(
    overWindows(20, ({ close, volume }) => obvSlope(close, volume, 20)),
    PANDAS['obv_slope'],
  );
});

test('over two candles it is the step of on-balance volume over their mean volume', () => {
  const obv = must(STOCK['obv'], 'the fixture has obv') as number[];
  const steps = obv.map((value, i) => {
    const volume = ((quotes.volume[i] ?? 0) + (quotes.volume[i - 1] ?? 0)) / 2;
    return i === 0 ? null : (value - must(obv[i - 1], 'a value before')) / volume;
  });
  expectSeries(
    overWindows(2, ({ close, volume }) => obvSlope(close, volume, 2)),
    steps,
  );
});

test('it is unknown without volume', () => {
  expect(obvSlope([1, 2, 3], [0, 0, 0], 3)).toBeNull();
});
