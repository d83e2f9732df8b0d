/** What a fault is. */
import { until } from '../support/until.ts';
import type { Bed } from './bed.ts';

export const UNTIL_MS = 60_000;

/** Waits for what a fault is to hit; throws where that does not come in time. */
export const untilHit = <T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = UNTIL_MS,
): Promise<T> => until(what, look, limitMs);

export interface Fault {
  readonly name: string;
  /** Wants many records at once instead of a steady flow. */
  readonly burst?: boolean;
  /** Resolves with what it hit. Records flow meanwhile. */
  readonly strike: (bed: Bed) => Promise<string>;
}
