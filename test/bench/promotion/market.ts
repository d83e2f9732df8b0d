/**
 * a seed and what is planted -> a year of a market whose edge is known
 *
 * A decision a minute; its outcome is the sign of the sum of the next 60 returns of a minute, so
 * that outcomes come late and overlap. A return is a(day) * z + noise; z, which a model may know,
 * is an AR(1) that loses half of itself in 40 minutes. Given z the outcome is "up" with probability
 * Phi(kappa z), exactly. Nobody decides in the last label length of a day.
 */
import { US_PER_HOUR, US_PER_MIN } from '../../../src/domain/time.ts';
import { trackCount } from '../../../src/learning/evidence/lag-tracks.ts';
import { seededRandom, type Random } from '../../../src/random.ts';
import { fillNormal } from './normal.ts';

export const HORIZON = 60;
const MINUTES = 1440;
export const TRACKS = trackCount(US_PER_HOUR, 0, US_PER_MIN);
/** Decisions of a day. */
export const ROWS = MINUTES - TRACKS;

const HALF_LIFE = 40;
/** What of z is left after a minute. */
export const KEPT = 2 ** (-1 / HALF_LIFE);

/** Sum of what is left of z over the minutes of a label. */
const SHARE = (1 - KEPT ** HORIZON) / (1 - KEPT);
/** Variance that z itself adds to an outcome, once the present z is known, by a squared. */
const SPREAD = (() => {
  let sum = 0;
  for (let k = 1; k < HORIZON; k++) sum += ((1 - KEPT ** k) / (1 - KEPT)) ** 2;
  return sum * (1 - KEPT ** 2);
})();

/** How sharply z tells the outcome, by how much of z a return has; and the other way round. */
export const kappaFromStrength = (a: number): number =>
  (a * SHARE) / Math.sqrt(HORIZON + a * a * SPREAD);
export const strengthFromKappa = (kappa: number): number =>
  Math.sqrt((HORIZON * kappa ** 2) / (SHARE ** 2 - kappa ** 2 * SPREAD));

export const MARKET_KINDS = ['constant', 'drifts', 'vanishes', 'none'] as const;
export type MarketKind = (typeof MARKET_KINDS)[number];

export interface Planted {
  readonly kind: MarketKind;
  /** How sharply z tells the outcome in the beginning. */
  readonly kappa: number;
  readonly days: number;
  /** Where the edge vanishes. */
  readonly turnDay: number;
}

/** Kappa of each day. */
export function planKappas({ kind, kappa, days, turnDay }: Planted): Float64Array {
  const strength = kappa === 0 ? 0 : strengthFromKappa(kappa);
  return Float64Array.from({ length: days }, (_, day) => {
    if (kind === 'none') return 0;
    if (kind === 'vanishes') return day < turnDay ? kappa : 0;
    return kind === 'constant' ? kappa : kappaFromStrength(strength * (1 - day / days));
  });
}

export interface MarketDay {
  /** What a model may know at each decision. */
  readonly z: Float64Array;
  readonly up: Uint8Array;
}

/** Days one after the other; z goes on over midnight. */
export class MarketDays {
  readonly #random: Random;
  readonly #draws = new Float64Array(MINUTES);
  readonly #log = new Float64Array(MINUTES + 1);
  #z: number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const first = new Float64Array(1);
    fillNormal(this.#random, first);
    this.#z = first[0]!;
  }

  next(kappa: number): MarketDay {
    const a = kappa === 0 ? 0 : strengthFromKappa(kappa);
    const z = new Float64Array(MINUTES);
    const fresh = Math.sqrt(1 - KEPT ** 2);
    fillNormal(this.#random, this.#draws);
    for (let i = 0; i < MINUTES; i++) {
      z[i] = this.#z;
      this.#z = KEPT * this.#z + fresh * this.#draws[i]!;
    }
    fillNormal(this.#random, this.#draws);
    const log = this.#log;
    for (let i = 0; i < MINUTES; i++) log[i + 1] = log[i]! + a * z[i]! + this.#draws[i]!;
    const up = new Uint8Array(ROWS);
    for (let i = 0; i < ROWS; i++) up[i] = log[i + HORIZON]! > log[i]! ? 1 : 0;
    return { z: z.subarray(0, ROWS), up };
  }
}
