/**
 * Randomness's only home: a generator that is a pure function of its seed, so that a synthetic
 * market, a bootstrap or a drawn test case is the same on every machine and in every run.
 *
 * Not for secrets: the sequence can be computed from a few of its values.
 */
import { assert } from './assert.ts';

/** Draws the next value, uniform on [0, 1). */
export type Random = () => number;

/**
 * The generator of a seed: sfc32 (Doty-Humphrey, PractRand) with a state that splitmix32 spreads
 * out, so that neighbouring seeds give unrelated sequences. 32 random bits a value.
 */
export function seededRandom(seed: number): Random {
  assert(Number.isSafeInteger(seed), `a seed is a whole number, not ${seed}`);
  // Both halves of a seed beyond 32 bits count, so that 0 and 2^32 differ.
  const spread = splitmix32((seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1));
  let a = spread();
  let b = spread();
  let c = spread();
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The authors' advice: the first values still show the seed.
  for (let i = 0; i < 12; i++) next();
  return next;
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
}

/** A draw from the standard normal distribution (Box and Muller 1958); takes two uniform draws. */
export function gaussian(random: Random): number {
  // 1 - u is never 0, whose logarithm would be infinite.
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** A whole number drawn uniformly from 0 to `count` - 1. */
export const randomIndex = (random: Random, count: number): number => Math.floor(random() * count);
