/** Mutations of what keeps a bad record to itself. */
import { mutation, testsInOrder, testsIn, type Mutation } from './mutation.ts';

const WIRE = 'src/domain/records/fields.ts';
const BOOKABLE = 'src/money/bookable.ts';
const BOOKING = 'src/postgres/tables/booking.ts';
const DECODE = 'pipelines/trades/decode.ts';
const decoded = testsIn('test/pipelines/trades/decode.test.ts', 'records of money');
const refused = testsIn('test/money/bookable.test.ts', 'a fill that cannot be booked right');
const stage = testsIn('test/pipelines/trades/trades.test.ts', 'the trades stage');
const still = testsIn('test/stream/standstill.test.ts', 'a partition stands still');
const letter = testsIn('test/domain/dead-letter.test.ts', 'a dead letter');
const booking = testsIn('test/integration/booking.int.test.ts', 'booking');
const records = testsInOrder('test/integration/records.int.test.ts', 'records of money');

export const RECORD_MUTATIONS: readonly Mutation[] = [
  mutation(
    'prices-of-nothing',
    decoded('a fill without a sound price is dead'),
    WIRE,
    '^(?=.*[1-9])',
    '^',
  ),
  mutation(
    'ids-with-controls',
    decoded('a fill whose fill_id no table or key could hold is dead'),
    WIRE,
    "'^[^\\\\p{Cc}\\\\p{Cs}\\\\p{Zl}\\\\p{Zp}]{1,200}$'",
    "'^.{1,200}$'",
  ),
  mutation(
    'text-with-nul',
    decoded('free text takes all but NUL, half characters and a book'),
    WIRE,
    "'^[^\\\\u0000\\\\p{Cs}]{0,4000}$'",
    "'^[^\\\\p{Cs}]{0,4000}$'",
  ),
  mutation(
    'times-of-any-year',
    decoded('times that are in another unit, no whole number or before 1970 are dead'),
    WIRE,
    '7_258_118_400_000_000 - 1',
    '1e300',
  ),
  mutation(
    'any-account-for-a-key',
    decoded(
      'a key that says another account or instrument, and a record on the wrong topic, are dead',
    ),
    'src/stream/json-record.ts',
    'key === null || key === expected',
    'key !== null || key === expected',
  ),
  mutation(
    'kinds-on-any-topic',
    decoded(
      'a key that says another account or instrument, and a record on the wrong topic, are dead',
    ),
    DECODE,
    'if (TOPIC_OF[kind] !== topic)',
    'if (TOPIC_OF[kind] === null)',
  ),
  mutation(
    'nested-without-end',
    decoded('what is no record is dead by its own reason'),
    DECODE,
    'if (isDeep(json))',
    'if (isDeep(null))',
  ),
  mutation(
    'parts-booked-as-all',
    refused('a part'),
    BOOKABLE,
    'if (size.lt(trade.size))',
    'if (size.lt(0))',
  ),
  mutation(
    'more-booked-than-there-is',
    refused('larger'),
    BOOKABLE,
    'if (size.gt(trade.size))',
    'if (size.lt(0))',
  ),
  mutation(
    'exit-on-the-same-side',
    refused('the same side'),
    BOOKABLE,
    'if (trade.side === fill.side)',
    'if (fill.side === null)',
  ),
  mutation(
    'fee-of-a-third-currency',
    refused('a fee in a third currency'),
    BOOKABLE,
    'fill.fee_currency === priced) return null;',
    'fill.fee_currency !== priced) return null;',
  ),
  mutation(
    'trade-of-another-account',
    refused("another account's trade"),
    BOOKABLE,
    'if (trade !== null && trade.account !== account) {',
    'if (trade !== null && trade.account === null) {',
  ),
  mutation(
    'dead-letter-twice',
    stage(
      'a batch that is booked again makes no dead letter twice, and all of it is noted each time',
    ),
    'pipelines/trades/trades.ts',
    'for (const { source } of fresh) kept.add(source.offset);',
    '',
  ),
  mutation(
    'begins-for-ever',
    still('an owner that has just begun has its time, and one that begins again and again has not'),
    'src/stream/standstill.ts',
    'if (seen.epoch !== null && !seen.isTakenOver) {',
    'if (seen.epoch !== null) {',
  ),
  mutation(
    'large-letters-whole',
    letter('always fits its topic: what was packed small and is large is cut, and says so'),
    'src/domain/dead-letter.ts',
    'value: bytes.subarray(0, VALUE_BYTES),',
    'value: bytes,',
  ),
  mutation(
    'batch-with-its-worst',
    booking('data that a table refuses takes nothing with it, whatever comes before and behind'),
    BOOKING,
    'return bookAll(pool, request, onRefused, bookGuarded);',
    'return bookAll(pool, request, onRefused, bookPlainly);',
  ),
  mutation(
    'deferred-at-the-commit',
    booking('what a deferred trigger says of one record is no trouble of the others'),
    BOOKING,
    `    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await client.query('SET CONSTRAINTS ALL DEFERRED');
`,
    '',
  ),
  mutation(
    'columns-of-mismatches',
    booking('fields that a newer producer adds have no column and change nothing'),
    'src/postgres/tables/booking-fills.ts',
    "const row = { ...pickColumns('fills', fill), ts: formatUs(fill.ts) };",
    'const { kind: _, ...all } = fill;\n  const row = { ...all, ts: formatUs(fill.ts) };',
  ),
  mutation(
    'exit-left-waiting',
    booking(
      'an exit that came before its entry is booked with it, and one that does not fit is not',
    ),
    'src/postgres/tables/booking-fills.ts',
    "if (fill.intent === 'entry') await bookWaiting(client, fill);",
    '',
  ),
  mutation(
    'counted-again',
    records('they are counted by place: read again, none is counted twice'),
    'src/postgres/tables/dead-letters.ts',
    'AND (s.log_offset IS NULL OR s.log_offset > c.last_offset)),',
    '),',
  ),
  mutation(
    'acknowledged-for-ever',
    records(
      'an alert names topic and reason, is over once acknowledged, and comes anew with new ones',
    ),
    'src/postgres/tables/alerts.ts',
    `    \`UPDATE alerts SET state = 'resolved'
     WHERE state = 'acknowledged' AND starts_with(alert_key, $1)\`,`,
    `    \`UPDATE alerts SET state = 'acknowledged'
     WHERE state = 'acknowledged' AND starts_with(alert_key, $1)\`,`,
  ),
];
