/**
 * The kinds of columns that the API shows: each is a JSON schema, and a row from a table becomes
 * the item of an answer by it. What is a field of a record is taken from there by `shown`. Times
 * are RFC 3339 in UTC with microseconds, amounts of money decimal strings, and what may be missing
 * is null.
 */
import { Type, type TObject, type TProperties, type TSchema, type TString } from 'typebox';
import {
  Decimal,
  Positive,
  stored,
  TIME_UNIT,
  type Nullable,
  type TTime,
} from '../domain/records/fields.ts';
import { formatUs } from '../domain/time.ts';

const DECIMAL = '^-?\\d+(\\.\\d+)?$';

export const text = (description?: string) => Type.String(opt(description));
export const time = (description?: string) =>
  Type.String({ format: 'date-time', ...opt(description) });
export const decimal = (description?: string) =>
  Type.String({ pattern: DECIMAL, ...opt(description) });
export const number = (description?: string) => Type.Number(opt(description));
export const integer = (description?: string) => Type.Integer(opt(description));
export const bool = (description?: string) => Type.Boolean(opt(description));
export const json = <T = unknown>(description?: string) =>
  Type.Unsafe<T>(Type.Unknown(opt(description)));
export const oneOf = <const T extends string>(values: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], ...opt(description) });

const opt = (description: string | undefined): { description?: string } =>
  description === undefined ? {} : { description };

/** The same column where it may be null. */
export const maybe = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** An item of an answer; `title` is its name in the API's document. */
export const titled = <P extends TProperties>(title: string, properties: P) =>
  Type.With(Type.Object(properties), { title }) as TObject<P>;

type Shown<F> = F extends TTime
  ? TString
  : F extends Nullable<infer T>
    ? Nullable<Shown<T> & TSchema>
    : F;

/** The fields of a record as the API shows them: their words, without the bounds of the wire. */
export const shown = <P extends TProperties>({ properties }: TObject<P>) => {
  const fields = Object.entries(properties).map(([name, field]) => [name, shownField(field)]);
  return Object.fromEntries(fields) as { [K in keyof P]: Shown<P[K]> };
};

interface Field extends TSchema {
  readonly type?: string;
  readonly anyOf?: readonly Field[];
  readonly const?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly 'x-unit'?: string;
}

function shownField(field: Field): TSchema {
  const { type, anyOf, pattern, description, 'x-unit': unit } = field;
  if (unit === TIME_UNIT) return time(description);
  if (pattern !== undefined && DECIMALS.has(pattern)) return decimal(description);
  if (anyOf === undefined) {
    const measured = unit === undefined ? {} : { 'x-unit': unit };
    return Type.Unsafe({ type, ...opt(description), ...measured });
  }
  const [first = {}, second] = anyOf;
  if (second?.type === 'null') return maybe(shownField({ ...first, ...opt(description) }));
  return oneOf(
    anyOf.map((each) => each.const ?? ''),
    description,
  );
}

const DECIMALS = new Set([Decimal, Positive].map((kind: Field) => kind.pattern));

/** Of a row: QuestDB reads the empty text back as null. */
export const flags = maybe(shownField(stored.flags) as TString);

export type Row = Readonly<Record<string, unknown>>;
export type Item = Record<string, unknown>;

const timeColumns = new WeakMap<object, readonly string[]>();

function timeColumnNames(schema: TObject): readonly string[] {
  const known = timeColumns.get(schema);
  if (known !== undefined) return known;
  const columns = Object.entries(schema.properties).flatMap(([name, column]) =>
    isTime(column) ? [name] : [],
  );
  timeColumns.set(schema, columns);
  return columns;
}

function isTime(schema: TSchema): boolean {
  const { format, anyOf } = schema as { format?: string; anyOf?: TSchema[] };
  return format === 'date-time' || (anyOf ?? []).some(isTime);
}

/** A table's row as the API shows it: the schema's columns, microseconds as RFC 3339. */
export function toItem(schema: TObject, row: Row): Item {
  const item: Item = {};
  for (const name of Object.keys(schema.properties)) item[name] = row[name] ?? null;
  for (const name of timeColumnNames(schema)) {
    const value = item[name];
    if (typeof value === 'number') item[name] = formatUs(value);
  }
  return item;
}
