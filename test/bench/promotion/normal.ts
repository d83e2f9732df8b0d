/** The standard normal distribution: draws by the array, and its distribution function. */
import type { Random } from '../../../src/random.ts';

/** Fills `out` with independent draws, by Marsaglia's polar method: two at a time. */
export function fillNormal(random: Random, out: Float64Array): void {
  for (let i = 0; i < out.length; i += 2) {
    let x = 0;
    let y = 0;
    let square = 0;
    do {
      x = 2 * random() - 1;
      y = 2 * random() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const scale = Math.sqrt((-2 * Math.log(square)) / square);
    out[i] = x * scale;
    if (i + 1 < out.length) out[i + 1] = y * scale;
  }
}

/** Probability of a value below `x`: Marsaglia's (2004) series, to 1e-15 where |x| < 7. */
export function normalBelow(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let term = x;
  let sum = x;
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

/** Where what rises with x reaches `wanted`, to some 1e-14. */
export function solve(rising: (x: number) => number, wanted: number, low: number, high: number) {
  let [from, to] = [low, high];
  for (let i = 0; i < 46; i++) {
    const middle = (from + to) / 2;
    if (rising(middle) < wanted) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
