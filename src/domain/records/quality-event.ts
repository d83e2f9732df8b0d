/** What an analyst has to know of the input (`quality_events` in QuestDB), and dead letters. */
import { Type } from 'typebox';
import { field, instrument, knownAt, nullable, oneOf, Ts } from './fields.ts';

/**
 * `future`: ahead of the log's clock, set apart. `bad_clock`: the record's timestamp cannot be
 * right and was ignored. `reset`: a venue began to number its trades anew.
 */
export const QUALITY_KINDS = [
  'late',
  'correction',
  'gap',
  'reset',
  'future',
  'bad_clock',
  'malformed',
] as const;
export type QualityKind = (typeof QUALITY_KINDS)[number];

const UNEXPLAINED = 'null where a malformed record does not have it.';

export const QualityEvent = Type.Object({
  ts: field(Ts, 'Event time of what it is about.'),
  known_at: knownAt,
  venue: field(nullable(instrument.venue), `The venue; ${UNEXPLAINED}`),
  symbol: field(nullable(instrument.symbol), `The symbol; ${UNEXPLAINED}`),
  kind: field(oneOf(QUALITY_KINDS), 'What happened.'),
  source: field(
    Type.String(),
    'Place in the log: `topic/partition/offset`, with `#n` for item n of a frame.',
  ),
  /** With its keys in order. */
  detail: field(
    Type.String(),
    'JSON. With `"summary": true` the row stands for `count` events of a flood.',
  ),
});

/** The headers of a record of `dead-letters`; its value is the record's own bytes. */
export const DeadLetterHeaders = Type.Object({
  source_topic: field(
    Type.String(),
    'The topic that it came from; of a row that a table refused, `table NAME`.',
  ),
  source_partition: field(Type.String(), 'The partition there.'),
  source_offset: field(Type.String(), 'The offset there.'),
  reason: field(
    Type.String(),
    'Why it is dead, as one word: `schema`, `bad_json`, `key_mismatch`, …',
  ),
  detail: field(Type.String(), 'What is wrong, for people.'),
  cut: Type.Optional(
    field(Type.String(), 'Only where the value was too large: how many bytes it had.'),
  ),
});

/** Measurements of the running system: the only rows with a wall-clock time. */
export const SystemMetric = Type.Object({
  ts: field(Ts, 'When it was measured, by the clock of the machine.'),
  name: field(Type.String(), 'The name of the metric.'),
  labels: field(Type.String(), '`key=value` pairs with commas between, keys in order.'),
  value: field(Type.Number(), 'The value.'),
});
