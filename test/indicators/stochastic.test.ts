import { expect, test } from 'vitest';
import { stochasticD, stochasticK } from '../../src/indicators/stochastic.ts';
import { STOCK, expectSeries, overWindows } from './oracle.ts';

test('%K equals the outside numbers', () => {
  expectSeries(
    overWindows(16, ({ high, low, close }) => stochasticK(high, low, close, 14, 3)),
    STOCK['stochastic_k'],
  );
});

test('%D equals the outside numbers', () => {
  expectSeries(
    overWindows(18, ({ high, low, close }) => stochasticD(high, low, close, 14, 3, 3)),
    STOCK['stochastic_d'],
  );
});

test('%K is unknown where no price moved', () => {
  const flat = Array.from({ length: 16 }, () => 7);
  expect(stochasticK(flat, flat, flat, 14, 3)).toBeNull();
});
