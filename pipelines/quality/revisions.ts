/**
 * rows as stored and the same rows made again from all that is known now -> revisions
 *
 * What the stream served stays. Where a row made again differs, or was touched by a tick that came
 * too late or was corrected, its next revision says so: known since the as-of barrier of the job
 * that found it, with the flags of what happened. Where nothing differs there is none, so that
 * doing it again changes nothing.
 */
import type { CandleRow } from '../../src/questdb/tables/candles.ts';
import type { FeatureRow } from '../../src/questdb/tables/features.ts';
import type { LabelRow } from '../../src/questdb/tables/labels.ts';

/** A tick that the stream did not compute with, or not as it should have been. */
export interface Touch {
  readonly ts: number;
  readonly kind: 'late' | 'correction';
}

type Row = CandleRow | FeatureRow | LabelRow;

/** What distinguishes revisions, and when each was made; the rest is content. */
const ABOUT = new Set([
  'revision',
  'known_at',
  'label_known_at',
  'decided_ts',
  'feature_id',
  'imported_at',
]);

export interface RevisionRequest<R extends Row> {
  /** The highest revision stored; undefined where the row was never served. */
  readonly stored: R | undefined;
  /** Made again from what is known now. */
  readonly again: R;
  /** What touched it. */
  readonly flags: readonly string[];
  /** The job's as-of barrier. */
  readonly knownAt: number;
}

/** The next revision, or null where nothing has changed. */
export function nextRevision<R extends Row>(request: RevisionRequest<R>): R | null {
  const { stored, again, knownAt } = request;
  const flags = joined(stored?.flags, again.flags, request.flags.join(','));
  const clock = 'label_known_at' in again ? 'label_known_at' : 'known_at';
  const revised = {
    ...again,
    flags,
    // Whoever acted did so when the first one was decided; what was never served nobody acted on.
    decided_ts: stored?.decided_ts ?? again.decided_ts,
    revision: (stored?.revision ?? 0) + 1,
    [clock]: knownAt,
  };
  if (stored === undefined) return revised;
  const same = Object.keys(revised).every(
    (name) => ABOUT.has(name) || Object.is(cell(revised, name), cell(stored, name)),
  );
  return same ? null : revised;
}

const cell = (row: object, name: string): unknown =>
  (row as Readonly<Record<string, unknown>>)[name] ?? null;

/** Every flag once, in the order of the alphabet. */
function joined(...lists: readonly (string | undefined)[]): string {
  const names = lists.flatMap((list) => (list ?? '').split(',')).filter((name) => name !== '');
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1)).join(',');
}

/** What touches [fromUs, toUs), by kind. `touches` are in the order of `ts`. */
export function touching(touches: readonly Touch[], fromUs: number, toUs: number): string[] {
  let at = firstFrom(touches, fromUs);
  const kinds = new Set<string>();
  for (; at < touches.length && (touches[at]?.ts ?? Infinity) < toUs; at++) {
    kinds.add(touches[at]?.kind ?? '');
  }
  return [...kinds];
}

function firstFrom(touches: readonly Touch[], ts: number): number {
  let [low, high] = [0, touches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((touches[middle]?.ts ?? Infinity) < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}
