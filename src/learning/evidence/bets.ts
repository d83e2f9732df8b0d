/**
 * two predictions of one decision and its outcome -> the bet that the first is the better one
 *
 * A bet pays what the candidate's prediction was worth more than the reference's, in nats. What it
 * can lose at most is known before the outcome is: stakes are bounded by that (`lag-tracks.ts`).
 */
import { assert } from '../../assert.ts';

export interface Bet {
  /** Loss of the reference less that of the candidate, in nats. */
  readonly gain: number;
  /** The least and the most that the gain could have been, whatever had come. */
  readonly least: number;
  readonly most: number;
}

/**
 * Predictions are clipped to this distance from 0 and 1, in serving and in judging alike. A
 * difference of losses is never clipped: that makes bad models look good.
 */
export const CLIP = 0.02;

export const clippedProbability = (p: number): number => Math.min(1 - CLIP, Math.max(CLIP, p));

/** The bet on two probabilities of "up", by log loss. */
export function probabilityBet(candidate: number, reference: number, up: 0 | 1): Bet {
  const p = clippedProbability(candidate);
  const q = clippedProbability(reference);
  const ifUp = Math.log(p / q);
  const ifDown = Math.log((1 - p) / (1 - q));
  return {
    gain: up === 1 ? ifUp : ifDown,
    least: Math.min(ifUp, ifDown),
    most: Math.max(ifUp, ifDown),
  };
}

/** How returns are scored: what lies outside the bound counts as the bound. */
export interface ReturnScale {
  /** A fraction, such as 0.01; fixed before the first decision is judged. */
  readonly bound: number;
  /** Variance of the returns that the model was trained on. */
  readonly variance: number;
}

/** The bet on two expected returns, by the log loss of a normal distribution of fixed variance. */
export function returnBet(
  candidate: number,
  reference: number,
  realised: number,
  { bound, variance }: ReturnScale,
): Bet {
  assert(bound > 0 && variance > 0, `returns are scored by ${bound} and ${variance}`);
  const within = (value: number): number => Math.min(bound, Math.max(-bound, value));
  const a = within(candidate);
  const b = within(reference);
  // Linear in the outcome: the extremes lie at the bounds.
  const gain = (outcome: number): number => ((a - b) * (2 * outcome - a - b)) / (2 * variance);
  const ends = [gain(-bound), gain(bound)] as const;
  return { gain: gain(within(realised)), least: Math.min(...ends), most: Math.max(...ends) };
}

/** The same bet seen from the other side. */
export const reversedBet = ({ gain, least, most }: Bet): Bet => ({
  gain: -gain,
  least: -most,
  most: -least,
});
