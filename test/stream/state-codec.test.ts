import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { expect, test } from 'vitest';
import { decodeState, encodeState } from '../../src/stream/state-codec.ts';

/** All but the sign of zero, which no output of an operator can tell. */
const sameBits = (a: number, b: number): boolean => Object.is(a + 0, b + 0);

test('every double comes back bit for bit, also those that are short in decimals', () => {
  const short = fc
    .tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 12 }))
    .map(([digits, decimals]) => digits / 10 ** decimals);
  const any = fc.double();
  fc.assert(
    fc.property(fc.array(fc.oneof(short, any)), (numbers) => {
      const back = decodeState<number[]>(encodeState(numbers));
      expect(back.length).toBe(numbers.length);
      expect(back.every((value, i) => sameBits(value, numbers[i] ?? NaN))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('objects of any keys come back as plain objects, however many shapes there are', () => {
  const keys = fc.dictionary(
    // msgpackr renames the one key that is none: nothing of ours is called so.
    fc.stringMatching(/^[a-zA-Z0-9:|/@._-]{1,12}$/).filter((key) => key !== '__proto__'),
    fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
  );
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 80 }), (objects) => {
      const plain = JSON.parse(JSON.stringify(objects)) as unknown;
      expect(JSON.parse(JSON.stringify(decodeState(encodeState(objects))))).toEqual(plain);
    }),
  );
});

test('a state of another layout is refused, one from before there were layouts is read', () => {
  const state = { a: 1, b: 'x' };
  const bytes = encodeState(state);
  expect(decodeState(bytes)).toEqual(state);
  const packr = new Packr({ moreTypes: true, useRecords: true, mapsAsObjects: true });
  expect(decodeState(deflateRawSync(packr.pack(state), { level: 1 }))).toEqual(state);
  bytes[0] = (2 << 3) | 0b111;
  expect(() => decodeState(bytes)).toThrow(/layout 2, and this program knows 1: run the version/);
});
