/** The envelope of control records; their bodies are the interfaces of `../control.ts`. */
import { Type, type Static } from 'typebox';
import { field, Name, oneOf, record } from './fields.ts';

/** Every type with what it does. */
export const CONTROL_TYPES = {
  model: 'puts a model into force for an instrument, makes it a shadow, or retires it',
  bot: 'the settings of a paper bot, whole',
  halt: 'no new positions of an account before a given time; exits go on',
  equity: 'is passed on and changes no decision yet',
  position: 'is passed on and changes no decision yet',
  cut: 'an as-of barrier: everything behind it in the partition is known after its value',
  clock: "the installation's time; ticks that are dated ahead of it are set apart",
} as const;

const CONTROL =
  'Whatever changes a decision and is not a tick. It has no Kafka key, goes to every ' +
  'partition, and holds for the records behind it. Only the installation sends it; it is ' +
  'signed.';
export const Control = record(CONTROL, {
  kind: field(Type.Literal('control'), 'The kind.'),
  control_id: field(Name, 'The id, made from the cause: the same cause is never sent twice.'),
  version: Type.Optional(
    field(
      Type.Integer({ minimum: 1 }),
      'Rises by type and subject; an older one is void. Every type but `clock` needs it.',
    ),
  ),
  type: field(
    oneOf(Object.keys(CONTROL_TYPES) as (keyof typeof CONTROL_TYPES)[]),
    'What it changes; see below.',
  ),
  subject: field(Name, 'Whom it is about: a model slot, a bot, an account.'),
  body: field(
    Type.Record(Type.String(), Type.Unknown()),
    'The content, by type: the interfaces of `src/domain/control.ts`.',
  ),
  /** Absent in records from before there were several. */
  key_id: Type.Optional(
    field(
      Type.String({ pattern: '^[0-9a-f]{16}$' }),
      'Which of the keys has signed it. Without it: the first key.',
    ),
  ),
  hmac: field(
    Type.String({ pattern: '^[0-9a-f]{64}$' }),
    'HMAC-SHA256 over the other fields, in hex.',
  ),
});

export type Control = Static<typeof Control>;
