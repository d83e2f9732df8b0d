/**
 * the bets of one session -> by how much each component's capital has grown
 *
 * Labels overlap: decisions of one hour share most of one outcome. So bets are dealt out to tracks,
 * one after the other, so many that the label of a bet is known before its own track bets again.
 * Within a track a bet is then fair at the moment it is placed: under "no better" its capital is
 * not expected to grow, however outcomes depend on each other. The mean over the tracks has that
 * too. Henzi and Ziegel (2022), "Valid sequential inference on probability forecast performance".
 *
 * How much to stake is not known beforehand, so twelve components stake differently, and their mean
 * is what counts.
 */
import { assert } from '../../assert.ts';

/** A stake per nat of gain, and the share of its capital that a bet may lose at most. */
export interface Component {
  readonly stake: number;
  readonly cap: number;
}

const STAKES = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4];
const CAPS = [0.5, 0.9];

export const COMPONENTS: readonly Component[] = CAPS.flatMap((cap) =>
  STAKES.map((stake) => ({ stake, cap })),
);

/** Logarithm of each component's capital, in the order of `COMPONENTS`. */
export type ComponentLogs = readonly number[];

/** The bets of a session, by columns: a year has half a million of them. */
export interface SessionBets {
  /** Step of the session in which the decision was made; no step twice. */
  readonly step: ArrayLike<number>;
  readonly gain: ArrayLike<number>;
  /** What the bet can lose at most, as a positive number of nats. */
  readonly mostLost: ArrayLike<number>;
}

/** A bet that can lose less than this is none: both predict the same. */
const NO_BET = 1e-9;

/**
 * Steps after which a label is known for sure: the number of tracks, and of steps at the end of a
 * session in which no bet is placed, so that nothing is open when somebody looks.
 */
export const trackCount = (horizonUs: number, latenessUs: number, stepUs: number): number =>
  Math.ceil((horizonUs + latenessUs) / stepUs) + 1;

/**
 * Growth of each component over a session that began with its capital in equal parts on `tracks`
 * tracks. Order of the bets does not matter: a track's growth is a product.
 */
export function sessionLogs(bets: SessionBets, tracks: number): ComponentLogs {
  assert(tracks >= 1, `${tracks} tracks`);
  return COMPONENTS.map((component) => componentLog(bets, tracks, component));
}

function componentLog(
  { step, gain, mostLost }: SessionBets,
  tracks: number,
  { stake, cap }: Component,
): number {
  const capital = new Float64Array(tracks).fill(1);
  const logs = new Float64Array(tracks);
  for (let i = 0; i < step.length; i++) {
    const worst = mostLost[i]!;
    if (worst <= NO_BET) continue;
    const track = step[i]! % tracks;
    const grown = capital[track]! * (1 + Math.min(stake, cap / worst) * gain[i]!);
    capital[track] = grown;
    if (grown > 1e-100 && grown < 1e100) continue;
    // Near the ends of what a double holds the logarithm takes over.
    logs[track] = logs[track]! + Math.log(grown);
    capital[track] = 1;
  }
  return logMeanExp(logs.map((log, track) => log + Math.log(capital[track]!)));
}

/** Logarithm of the mean of numbers that are given by their logarithms; -Infinity is 0. */
export function logMeanExp(logs: ArrayLike<number>): number {
  let largest = -Infinity;
  for (let i = 0; i < logs.length; i++) largest = Math.max(largest, logs[i]!);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < logs.length; i++) sum += Math.exp(logs[i]! - largest);
  return largest + Math.log(sum / logs.length);
}
