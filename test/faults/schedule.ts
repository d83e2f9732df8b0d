/**
 * Schedules of faults: two fixed ones that together strike every stage and server, drawn ones, and
 * those of the drawn that failed once.
 */
import { FAULTS } from './faults.ts';

/** What each landing is held against. */
export const FIXED_SCHEDULES: readonly (readonly string[])[] = [
  ['fail-stream', 'kill-money', 'cut-answers', 'questdb-away', 'flush-queues', 'fail-sink'],
  ['freeze-stream', 'kill-sink', 'postgres-away', 'kafka-away', 'join-sink', 'kill-jobs'],
];

export interface KeptSchedule {
  /** Of the golden run. */
  readonly seed: number;
  readonly faults: readonly string[];
}

/** Drawn ones that failed once, `--kept`. One that fails is added here with what it found. */
export const KEPT_SCHEDULES: readonly KeptSchedule[] = [
  // A label's `label_known_at` depended on where a slice of decisions ended.
  {
    seed: 29071,
    faults: ['join-stream', 'stall-worker', 'questdb-away', 'kill-stream', 'fail-stream'],
  },
  // The proof itself hit nothing: a member was stopped in the middle of a rebalance.
  {
    seed: 24743,
    faults: ['fail-sink', 'freeze-sink', 'fail-stream', 'freeze-stream', 'join-sink'],
  },
  // The proof itself hit nothing: it waited for a signal in a part of the log that has none.
  {
    seed: 24743,
    faults: ['shift-money', 'kill-jobs', 'join-money', 'join-stream', 'questdb-away'],
  },
  // The same; and a job's child outlived its parent, which was killed before it was ready.
  {
    seed: 24743,
    faults: ['postgres-away', 'join-sink', 'join-money', 'kill-jobs', 'kill-stream'],
  },
  // The proof itself hit nothing, both: behind Kafka's being away the successor had claimed all
  // partitions, and the one that was stopped held none.
  {
    seed: 33961,
    faults: ['kafka-away', 'freeze-stream', 'join-stream', 'kill-stream', 'flush-queues'],
  },
  {
    seed: 56917,
    faults: ['kafka-away', 'freeze-sink', 'shift-money', 'shift-stream', 'kill-sink'],
  },
  // Processes went on over a PostgreSQL that was taken back under them: what it had lost was never
  // written again.
  {
    seed: 26853,
    faults: ['freeze-sink', 'kill-money', 'fail-stream', 'kill-jobs', 'restore-postgres'],
  },
];

const LENGTH = 5;
/** Nothing is bought or sold before the indicators are warm: at first there is nothing to hit. */
const NOT_FIRST = new Set(['kill-money', 'join-money', 'swap-topic']);

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
