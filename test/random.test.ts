import { describe, expect, test } from 'vitest';
import { gaussian, randomIndex, seededRandom } from '../src/random.ts';

const take = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

describe('a seeded generator', () => {
  // Values of an independent sfc32 with splitmix32 seeding, written in Python's whole numbers.
  test('gives the same values for ever', () => {
    expect(take(4, seededRandom(1))).toEqual([
      0.5636717735324055, 0.5851113414391875, 0.8959073920268565, 0.9463990409858525,
    ]);
    expect(take(1000, seededRandom(42)).at(-1)).toBe(0.7435831518378109);
  });

  test('tells seeds beyond 32 bits apart', () => {
    expect(seededRandom(2 ** 32)()).toBe(0.502647815970704);
    expect(seededRandom(0)()).not.toBe(seededRandom(2 ** 32)());
  });

  test('refuses a seed that is not a whole number', () => {
    expect(() => seededRandom(0.5)).toThrow('a seed is a whole number');
  });

  test('fills every tenth of [0, 1) evenly', () => {
    const random = seededRandom(7);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) counts[randomIndex(random, 10)]! += 1;
    // Chi-squared with 9 degrees of freedom: 27.9 is passed once in a thousand seeds.
    const chi2 = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    expect(chi2).toBeLessThan(27.9);
  });
});

describe('a normal draw', () => {
  test('has mean 0, variance 1 and kurtosis 3', () => {
    const random = seededRandom(3);
    const draws = take(200_000, () => gaussian(random));
    const moment = (power: number): number =>
      draws.reduce((sum, x) => sum + x ** power, 0) / draws.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.015);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.12);
  });
});
