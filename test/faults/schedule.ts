/** Schedules of faults: two fixed ones that together strike every stage and server, and drawn ones. */
import { FAULTS } from './faults.ts';

/** What each landing is held against. A drawn schedule that failed once belongs here too. */
export const FIXED_SCHEDULES: readonly (readonly string[])[] = [
  ['fail-stream', 'kill-money', 'cut-answers', 'questdb-away', 'flush-queues', 'fail-sink'],
  ['freeze-stream', 'kill-sink', 'postgres-away', 'kafka-away', 'join-sink', 'kill-jobs'],
];

const LENGTH = 5;
/** Nothing is bought or sold before the indicators are warm: at first there is nothing to hit. */
const NOT_FIRST = new Set(['kill-money', 'join-money']);

/** Asked for by name alone: a disk is made small by mounting one, which takes root. */
const NOT_DRAWN = /^disk-/;

/** So many different faults, in drawn order. */
export function drawnSchedule(random: () => number): string[] {
  const left = Object.keys(FAULTS).filter((word) => !NOT_DRAWN.test(word));
  const drawn: string[] = [];
  while (drawn.length < LENGTH) {
    const at = Math.floor(random() * left.length);
    const word = left[at] ?? '';
    if (drawn.length === 0 && NOT_FIRST.has(word)) continue;
    left.splice(at, 1);
    drawn.push(word);
  }
  return drawn;
}
