/**
 * The kinds of columns that the API shows: each is a JSON schema, and a row from a table becomes
 * the item of an answer by it. Times are RFC 3339 in UTC with microseconds, amounts of money
 * decimal strings, and what may be missing is null.
 */
import { Type, type TObject, type TSchema } from 'typebox';
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
export const json = (description?: string) => Type.Unknown(opt(description));

const opt = (description: string | undefined): { description?: string } =>
  description === undefined ? {} : { description };

/** The same column where it may be null. */
export const maybe = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export type Row = Readonly<Record<string, unknown>>;
export type Item = Record<string, unknown>;

const timeColumns = new WeakMap<object, readonly string[]>();

function timesOf(schema: TObject): readonly string[] {
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
export function itemOf(schema: TObject, row: Row): Item {
  const item: Item = {};
  for (const name of Object.keys(schema.properties)) item[name] = row[name] ?? null;
  for (const name of timesOf(schema)) {
    const value = item[name];
    if (typeof value === 'number') item[name] = formatUs(value);
  }
  return item;
}
