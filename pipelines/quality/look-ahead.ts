/**
 * served rows and what is stored of the log -> rows that claim to have been known too early
 *
 * A value that replay gives again is a function of the ticks before its `ts`. It can have been
 * known once all of them were, and once the watermark had passed: a clock that says earlier is a
 * leak, because whoever trains "as known then" would train on what nobody knew.
 */
import { knownAtOrBehind, type Arrival } from '../grades/grading.ts';

export interface TooEarly {
  readonly ts: number;
  readonly knownAt: number;
  /** From when it can have been known; null: nothing is stored that lets the watermark pass. */
  readonly possibleAt: number | null;
}

interface Log {
  /** In-time ticks by `ts`. */
  readonly ticks: readonly Arrival[];
  /** All that moves the watermark, by `ts`: ticks of any kind and heartbeats. */
  readonly arrivals: readonly Arrival[];
  readonly latenessUs: number;
}

/** `served` by `ts`; microseconds throughout. */
export function tooEarly(
  served: readonly Arrival[],
  { ticks, arrivals, latenessUs }: Log,
): TooEarly[] {
  const passed = knownAtOrBehind(arrivals);
  const found: TooEarly[] = [];
  let at = 0;
  let ticksKnownAt = 0;
  for (const { ts, knownAt } of served) {
    for (; at < ticks.length && (ticks[at]?.ts ?? Infinity) < ts; at++) {
      ticksKnownAt = Math.max(ticksKnownAt, ticks[at]?.knownAt ?? 0);
    }
    const passedAt = passed(ts + latenessUs);
    const possibleAt = passedAt === null ? null : Math.max(passedAt, ticksKnownAt);
    if (possibleAt === null || knownAt < possibleAt) found.push({ ts, knownAt, possibleAt });
  }
  return found;
}
