/** Mutations of what binds a position to its log, of looking ahead, and of versions in the log. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const MARKER = 'src/stream/log-marker.ts';
const GUARD = 'src/kafka/log-guard.ts';
const OPEN = 'src/kafka/open-partition.ts';
const log = testsIn('test/stream/log-marker.test.ts', 'a log');
const restored = testsIn(
  'test/integration/restored-postgres.int.test.ts',
  'an older PostgreSQL beside a newer log',
);
const swapped = (name: string) => ({ file: 'test/simulation/swapped-log.test.ts', name });
const ahead = (name: string) => ({ file: 'test/simulation/look-ahead.test.ts', name });

const HOLDS = restored(
  'sends what holds, knows the last as-of barrier, and repeats nothing that is in the log',
);
const FOUND = ahead(
  'whatever waits is decided by the first marker behind it, through rebalances and crashes',
);

export const LOG_MUTATIONS: readonly Mutation[] = [
  mutation(
    'record-of-another-log',
    log('is another one where the record differs or is missing'),
    MARKER,
    'if (!found.hash.equals(marker.hash))',
    'if (found.hash.length === 0)',
  ),
  mutation(
    'log-that-ends-before',
    log('that ends before the position, or begins behind it, is refused by its ends alone'),
    MARKER,
    'if (high < position)',
    'if (high < 0)',
  ),
  mutation(
    'log-that-begins-behind',
    log('that ends before the position, or begins behind it, is refused by its ends alone'),
    MARKER,
    'if (low > position)',
    'if (low < 0)',
  ),
  mutation(
    'trimmed-log-refused',
    log('that was trimmed between the record and the position is taken, and said'),
    MARKER,
    'if (low > marker.offset)',
    'if (low > position)',
  ),
  mutation(
    'no-look-behind-a-pause',
    swapped('nothing is read of another log with equal records, swapped while it runs'),
    GUARD,
    'if (pauseMs <= FETCH_GAP_MS && !this.isDue) return;',
    'if (pauseMs > -1) return;',
  ),
  mutation(
    'no-look-before-work',
    swapped('nothing is read of another log with more records, swapped while it is stopped'),
    'src/kafka/consumer.ts',
    'if (!(await this.logs.isOurs(open, batch))) return;',
    '',
  ),
  mutation(
    'ends-not-asked-for',
    swapped('the same log is read on, however long it was away; one that became empty is not'),
    GUARD,
    'one.verify({ low: found.low, high });',
    '',
  ),
  mutation(
    'nothing-adopted',
    swapped('a position from before takes the record that it finds, and says so'),
    OPEN,
    'this.noteMarker(found);',
    '',
  ),
  mutation(
    'looking-forgotten',
    FOUND,
    OPEN,
    'if (isShort) this.lookedTo = end;',
    'if (isShort) task.position = end;',
  ),
  mutation(
    'told-on-and-on',
    ahead(
      'at the end of the log it is told once, again where telling failed, and nothing is committed',
    ),
    OPEN,
    '|| lookedTo === this.reportedEnd) return;',
    ') return;',
  ),
  mutation(
    'version-that-the-log-has',
    HOLDS,
    'src/postgres/tables/outbox.ts',
    '       UNION ALL SELECT version FROM control_versions WHERE type = $2 AND subject = $3\n',
    '',
  ),
  mutation(
    'waiting-record-not-renumbered',
    HOLDS,
    'src/postgres/tables/control-versions.ts',
    `WHERE o.state = 'due' AND o.version <= v.version`,
    `WHERE o.state = 'due' AND o.version < 0`,
  ),
];
