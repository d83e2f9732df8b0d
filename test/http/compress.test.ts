/** Who gets an answer by gzip: whoever names it and does not refuse it. */
import { expect, test } from 'vitest';
import { takesGzip } from '../../src/http/compress.ts';

test.each([
  ['gzip, deflate, br, zstd', true],
  ['br;q=1.0, GZIP;q=0.5', true],
  ['deflate, gzip;q=0', false],
  ['gzip;q=0.000', false],
  ['gzip;q=0.01', true],
  ['br', false],
  ['', false],
  [undefined, false],
])('%s: %s', (value, taken) => {
  expect(takesGzip({ headers: { 'accept-encoding': value } })).toBe(taken);
});
