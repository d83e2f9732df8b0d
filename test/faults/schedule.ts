/** Schedules of faults: two fixed ones that together strike every stage and server, and drawn ones. */
import { FAULTS } from './faults.ts';

/** What each landing is held against. A drawn schedule that failed once belongs here too. */
export const FIXED_SCHEDULES: readonly (readonly string[])[] = [
  ['fail-stream', 'kill-money', 'cut-answers', 'questdb-away', 'flush-queues', 'fail-sink'],
  ['freeze-stream', 'kill-sink', 'postgres-away', 'kafka-away', 'join-sink', 'kill-jobs'],
];

const LENGTH = 5;

/** So many different faults, in drawn order. */
export function drawnSchedule(random: () => number): string[] {
  const left = Object.keys(FAULTS);
  return Array.from({ length: LENGTH }, () => {
    const [word = ''] = left.splice(Math.floor(random() * left.length), 1);
    return word;
  });
}
