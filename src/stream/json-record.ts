/** bytes of a record -> its JSON and the kind that it says it is of, or why it is dead */
import { isUtf8 } from 'node:buffer';

export interface Dead<Reason = string> {
  readonly type: 'dead';
  /** As it is counted and reported; `detail` is for a reader. */
  readonly reason: Reason;
  readonly detail: string;
}

export const dead = <Reason extends string>(reason: Reason, detail: string): Dead<Reason> => ({
  type: 'dead',
  reason,
  detail,
});

export interface Json {
  readonly type: 'json';
  readonly json: unknown;
}

export function readJson(value: Buffer | null): Dead<'empty_value' | 'bad_json'> | Json {
  if (value === null || value.length === 0) return dead('empty_value', 'the record has no value');
  if (!isUtf8(value)) return dead('bad_json', 'the value is not UTF-8');
  try {
    return { type: 'json', json: JSON.parse(value.toString('utf8')) };
  } catch (error) {
    return dead('bad_json', (error as Error).message.slice(0, 200));
  }
}

/** Of a record that holds one object with a `kind`; what else the object has is not looked at. */
export function readJsonRecord(value: Buffer | null): Dead | (Json & { readonly kind: string }) {
  const read = readJson(value);
  if (read.type === 'dead') return read;
  const kind = recordKind(read.json);
  if (kind === null) return dead('not_a_record', 'expected an object with a "kind"');
  return { ...read, kind };
}

/** The kind that a record says it is of, or null where it is no record. */
export function recordKind(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const kind: unknown = (json as { kind?: unknown }).kind;
  return typeof kind === 'string' ? kind : null;
}

/** Why a record whose key is not that of its body is dead; null: it is. */
export const keyMismatch = (key: string | null, expected: string): Dead | null =>
  key === null || key === expected
    ? null
    : dead('key_mismatch', `the key says ${key}, the body ${expected}`);
