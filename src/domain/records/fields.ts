/**
 * The kinds of fields that records are made of: each is a TypeBox schema, and `field` gives it the
 * words of one record. A field with a unit carries it as `x-unit`; what has none is text, a flag or
 * a plain number.
 */
import {
  Type,
  type Static,
  type TInteger,
  type TNull,
  type TObject,
  type TProperties,
  type TSchema,
  type TUnion,
} from 'typebox';

const VENUE = '^[a-z0-9][a-z0-9._-]{0,31}$';
/**
 * Any text of 1 to 64 characters: whatever a venue calls it. No colon at its start (a key is cut at
 * the first one), nothing that cannot be seen or that breaks a line, no half of a surrogate pair,
 * and not the character that stands for bytes which were no UTF-8. `isSymbol` wants NFC as well.
 */
const SYMBOL = '^(?!:)[^\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\uFFFD]{1,64}$';
const DECIMAL = '^-?\\d{1,20}(\\.\\d{1,20})?$';
/** Of a tick: as a venue may write it, with an exponent or without a digit on one side. */
const TICK_DECIMAL = '^(?=.{1,40}$)[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?$';
/** What is booked has a size, a price and a rate. */
const POSITIVE = '^(?=.*[1-9])\\d{1,20}(\\.\\d{1,20})?$';
/** An id goes into keys, messages and file names: without controls, line ends, half characters. */
const ID = '^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{1,200}$';
/** Of a feature or prediction: it holds the symbol, that of a prediction its model too. */
const LONG_ID = ID.replace('200', '400');
/** PostgreSQL takes neither NUL nor half of a character. */
const TEXT = '^[^\\u0000\\p{Cs}]{0,4000}$';
const TICK_ID = '^[\\x21-\\x7e]{1,64}$';

export const VENUE_RE = new RegExp(VENUE);
const SYMBOL_RE = new RegExp(SYMBOL, 'u');
export const TICK_DECIMAL_RE = new RegExp(TICK_DECIMAL);
const PLAIN_RE = /^[\x20-\x7e]*$/;

/** One text, one symbol: what looks the same must not be two, so only the composed form is taken. */
export const isComposed = (text: string): boolean =>
  PLAIN_RE.test(text) || text === text.normalize('NFC');

export const isSymbol = (text: string): boolean => SYMBOL_RE.test(text) && isComposed(text);
/** What `isSymbol` takes, for messages. */
export const SYMBOL_RULE =
  'any text of 1 to 64 characters in Unicode form NFC, without control or format characters or ' +
  'line breaks, and with no ":" at its start';
export const VENUE_RULE =
  'lower-case letters, digits, ".", "_" and "-", at most 32, a letter or digit first';

/** A kind of field with what it means in one record, in a sentence. */
export const field = <T extends TSchema>(kind: T, description: string): T =>
  Type.With(kind, { description }) as T;

/** A record kind with what it is. */
export const record = <P extends TProperties>(description: string, properties: P) =>
  Type.With(Type.Object(properties), { description }) as TObject<P> & { description: string };

/** A kind that is measured in `unit`. */
const measured = <T extends TSchema>(kind: T, unit: string): T =>
  Type.With(kind, { 'x-unit': unit }) as T;

/** An integer of microseconds since 1970 UTC; over HTTP it is RFC 3339. */
export interface TTime extends TInteger {
  readonly 'x-unit': typeof TIME_UNIT;
}
export const TIME_UNIT = 'microseconds since 1970 UTC';
const time = (maximum: number): TTime =>
  measured(Type.Integer({ minimum: 0, maximum }), TIME_UNIT) as TTime;

export const Venue = Type.String({ pattern: VENUE });
export const Symbol_ = Type.String({ pattern: SYMBOL });
export const Ts = time(Number.MAX_SAFE_INTEGER);
/** Before the year 2200: what is booked behind it is a time in another unit. */
export const BookedTs = time(7_258_118_400_000_000 - 1);
export const Amount = Type.Union([Type.Number(), Type.String({ pattern: TICK_DECIMAL })]);
export const Decimal = Type.String({ pattern: DECIMAL });
export const Positive = Type.String({ pattern: POSITIVE });
/** No control characters: no table keeps a NUL, and no screen shows one. */
export const Name = Type.String({ pattern: '^[^\\u0000-\\u001f]{1,400}$' });
export const Id = Type.String({ pattern: ID });
export const LongId = Type.String({ pattern: LONG_ID });
/** Shorter: a halt's id is made of it, and has to be a name too. */
export const Account = Type.String({ pattern: ID.replace('200', '100') });
export const Text = Type.String({ pattern: TEXT });
export const TickId = Type.String({ pattern: TICK_ID });
export const Price = measured(Type.Number(), 'units of the quote currency');
export const Size = measured(Type.Number(), 'units of the instrument');
export const Share = measured(Type.Number(), 'fraction');
export const Seconds = measured(Type.Number(), 'seconds');

export type Nullable<T extends TSchema> = TUnion<[T, TNull]>;
export const nullable = <T extends TSchema>(kind: T): Nullable<T> =>
  Type.Union([kind, Type.Null()]);
export const absent = <T extends TSchema>(kind: T) => Type.Optional(nullable(kind));
export const oneOf = <const T extends string>(values: readonly T[]) =>
  Type.Unsafe<T>(Type.Union(values.map((value) => Type.Literal(value))));

export const SIDES = ['buy', 'sell'] as const;
export type Side = (typeof SIDES)[number];
export const Side = oneOf(SIDES);

/** Whom nearly every record is about, and when it could be known. */
export const instrument = {
  venue: field(Venue, 'The venue.'),
  symbol: field(Symbol_, 'The symbol, as the venue writes it.'),
};
/** The clocks of what was decided, beside its `ts`. */
export const clocks = (kind: TTime) => ({
  decided_ts: field(
    kind,
    'Event time of the tick or heartbeat that made it computable. Nobody acts on it earlier.',
  ),
  known_at: field(kind, 'When this system could have known it.'),
});
export const knownAt = clocks(Ts).known_at;
const IMPORTED_AT = 'When the record came that decided it, if that record was an import.';
/** On the wire. */
export const importedAt = Type.Optional(field(Ts, IMPORTED_AT));

/** What rows of tables have in common. */
export const stored = {
  imported_at: Type.Optional(field(nullable(Ts), IMPORTED_AT)),
  revision: field(Type.Integer(), '0: as it was first written; 1, 2, …: corrections.'),
  flags: field(
    Type.String(),
    'Words with commas between: `gap`, `late`, `correction`; empty where there are none.',
  ),
};

/** A row of a table as a plain object. */
export type Row<T extends TObject> = Readonly<Static<T>>;
