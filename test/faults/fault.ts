/** What a fault is. */
import type { Bed } from './bed.ts';

export interface Fault {
  readonly name: string;
  /** Wants many records at once instead of a steady flow. */
  readonly burst?: boolean;
  /** Resolves with what it hit. Records flow meanwhile. */
  readonly strike: (bed: Bed) => Promise<string>;
}
