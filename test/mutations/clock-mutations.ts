/** Mutations of the log's own clock, of what is judged by it, and of what may go by it. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const INGEST = 'pipelines/stream/ingest.ts';
const LOG_CLOCK = 'pipelines/stream/log-clock.ts';
const BEAT = 'pipelines/control/clock-beat.ts';
const RETENTION = 'pipelines/retention/retention.ts';
const NOTES = 'pipelines/sink/notes.ts';
const CONTROL = 'src/domain/control.ts';

const ingest = testsIn('test/pipelines/stream/ingest.test.ts', 'ingest');
const judged = testsIn(
  'test/pipelines/stream/log-clock.test.ts',
  'by which time a record is judged',
);
const beat = testsIn('test/pipelines/control/clock-beat.test.ts', 'the clock of an installation');
const retention = testsIn('test/pipelines/retention/retention.test.ts', 'retention');
const flood = testsIn('test/pipelines/sink/notes.test.ts', 'a flood of events');
const control = testsIn('test/domain/control.test.ts', 'control records');

const AHEAD = 'what is further ahead by its own timestamp too: by the next clock';
const OUTAGE = 'what was made while nobody sent clocks: by the next one';

export const CLOCK_MUTATIONS: readonly Mutation[] = [
  mutation(
    'record-vouches-for-itself',
    judged(AHEAD),
    LOG_CLOCK,
    'recordUs <= nowUs + RECENT_US',
    'recordUs > nowUs + RECENT_US',
  ),
  mutation(
    'old-clock-condemns',
    judged(OUTAGE),
    LOG_CLOCK,
    'return ahead !== null && ahead.offset > offset ? ahead.clockUs : null;',
    'return ahead !== null && ahead.offset > offset ? nowUs : null;',
  ),
  mutation(
    'seconds-show-a-recent-clock',
    judged('a timestamp of another unit does not show that the clock is recent'),
    LOG_CLOCK,
    'recordUs >= YEAR_2000_US',
    'recordUs >= 0',
  ),
  mutation(
    'clock-behind-counts-for-what-follows',
    judged('a clock counts for what lies in front of it alone'),
    LOG_CLOCK,
    'ahead !== null && ahead.offset > offset',
    'ahead !== null',
  ),
  mutation(
    'held-clock-ignored-for-ticks',
    judged('a clock that was held back counts for ticks'),
    CONTROL,
    'Math.max(clock, heldClock);',
    'Math.min(clock, clock + heldClock);',
  ),
  mutation(
    'cut-of-any-time',
    control('bound an as-of barrier by the clock'),
    CONTROL,
    'Math.min(value, byUs + AHEAD_MAX_US)',
    'Math.max(value, byUs - AHEAD_MAX_US)',
  ),
  mutation(
    'bad-clock-heeded',
    ingest('a timestamp of the record that cannot be right in another unit is told and ignored'),
    INGEST,
    'const recordUs = isBadClock ? arrival.clockUs : arrival.recordUs;',
    'const { recordUs } = arrival;',
  ),
  mutation(
    'reset-not-told',
    ingest(
      'ids of a venue that numbers its trades that fall back are a reset, and what is missing ' +
        'behind it is a gap',
    ),
    INGEST,
    "emit({ type: step > 1 ? 'gap' : 'reset', gap, moment });",
    "if (step > 1) emit({ type: 'gap', gap, moment });",
  ),
  mutation(
    'ids-as-doubles',
    ingest('ids of a venue that numbers its trades are compared as whole numbers of any size'),
    INGEST,
    'if (Number.isSafeInteger(before) && Number.isSafeInteger(now)) return now - before;',
    'if (Number.isInteger(before) && Number.isInteger(now)) return now - before;',
  ),
  mutation(
    'jumped-clock-sent-as-right',
    beat('that jumps by 3600000000 is held back until somebody accepts it'),
    BEAT,
    'Math.abs(jumpUs) > JUMP_US ||',
    'Math.abs(jumpUs) > 100_000 * JUMP_US ||',
  ),
  mutation(
    'clock-goes-back-at-a-start',
    beat('is held back from the start where the log has had a later one'),
    BEAT,
    'now.wallUs < this.loggedUs - JUMP_US',
    'now.wallUs < -JUMP_US',
  ),
  mutation(
    'age-by-event-time-alone',
    retention(
      'counts the age from when the newest row was written, and keeps what nobody knows of',
    ),
    RETENTION,
    'Math.max(maxTs, writtenUs) < nowUs - age',
    'maxTs < nowUs - age',
  ),
  mutation(
    'own-time-ignored',
    retention('keeps what is young by the time of a market in it, unless that one is silent'),
    RETENTION,
    'return isSilent || maxTs < market.reachedTs - age;',
    'return isSilent || maxTs < market.reachedTs;',
  ),
  mutation(
    'named-dropped',
    retention('whatever the clocks and event times: nothing young, needed or named goes'),
    RETENTION,
    'if (isNamed) return false;',
    'if (isNamed && named.length > 3) return false;',
  ),
  mutation(
    'flood-not-summed',
    flood('has a hundred rows a minute, and one that sums up the others'),
    NOTES,
    'if (flood.n <= ROWS_A_MINUTE) return row;',
    'if (flood.n <= 1_000_000) return row;',
  ),
];
