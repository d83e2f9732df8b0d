/**
 * What decisions and signals are graded by: prices, when each was known, and gaps; and since when
 * an outcome is known.
 */
import type { VoidReason as LabelVoid } from '../../src/domain/records/label.ts';

/** A price of the instrument, in the order (`ts`, kind, id). */
export interface LabelPrice {
  readonly ts: number;
  readonly knownAt: number;
  readonly price: number;
  /** Of the tick. */
  readonly id?: string;
}

/** That something was stored: prices and heartbeats, by `ts`. */
export interface Arrival {
  readonly ts: number;
  readonly knownAt: number;
  /** When it came, if it was imported: then `knownAt` is its claim. */
  readonly importedAt?: number | null;
}

export interface LabelGap {
  readonly fromTs: number;
  readonly toTs: number;
  readonly knownAt: number;
}

/** What is known of the time of the decisions that are graded. */
export interface GradingInput {
  /** In the order (`ts`, kind, id). */
  readonly prices: readonly LabelPrice[];
  readonly arrivals: readonly Arrival[];
  readonly gaps: readonly LabelGap[];
}

/** Closed: what prices alone can be void for. */
export type VoidReason = Exclude<LabelVoid, 'warming_up'>;

/** A price further from where it is needed than this share of the horizon does not count. */
export const TOLERANCE_SHARE = 0.05;

/**
 * When the stream was first known to have reached a `ts`: the smallest known_at of what lies at or
 * behind it. Called with rising `ts`.
 */
export function knownAtOrBehind(arrivals: readonly Arrival[]): (ts: number) => number | null {
  const shownBy = shownAtOrBehind(arrivals);
  return (ts) => shownBy(ts)?.knownAt ?? null;
}

/** The same with what showed it: of two that were known at once the one that was not imported. */
export function shownAtOrBehind(arrivals: readonly Arrival[]): (ts: number) => Arrival | null {
  const first: Arrival[] = [];
  let least: Arrival | null = null;
  for (let i = arrivals.length - 1; i >= 0; i--) {
    const arrival = arrivals[i] as Arrival;
    if (least === null || isKnownBefore(arrival, least)) least = arrival;
    first[i] = least;
  }
  let i = 0;
  return (ts) => {
    while (i < arrivals.length && (arrivals[i]?.ts ?? Infinity) < ts) i += 1;
    return first[i] ?? null;
  };
}

const isKnownBefore = (a: Arrival, b: Arrival): boolean =>
  a.knownAt < b.knownAt || (a.knownAt === b.knownAt && (a.importedAt ?? null) === null);
