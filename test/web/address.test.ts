/** The address holds what is shown, and whatever stands in it, the page starts. */
import { expect, test } from 'vitest';
import { addressHash, readHash } from '../../src/web/address.ts';

test.each([
  { instrument: 'oanda:EUR/USD', timeframe: '1h' },
  { instrument: 'v:ÄÖ/ß#1', timeframe: '5m' },
  { instrument: null, timeframe: '15m' },
])('%o comes back from its address', (shown) => {
  expect(readHash(addressHash(shown))).toEqual(shown);
});

test.each([
  ['', null, '1m'],
  ['#', null, '1m'],
  ['#%/1h', null, '1h'],
  ['#a%3Ab/2m', 'a:b', '1m'],
])('"%s" is read as %s, %s', (hash, instrument, timeframe) => {
  expect(readHash(hash)).toEqual({ instrument, timeframe });
});
