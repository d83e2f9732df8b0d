/**
 * bytes of a record of `signals` or `fills` -> what is to be booked, or why it is dead
 *
 * Pure. A schema refuses what the tables would refuse, so that a record fails here, alone, and not
 * in the middle of a transaction. A kind that is not ours is no fault: newer producers add some.
 */
import { isUtf8 } from 'node:buffer';
import { Compile } from 'typebox/compile';
import { Fill, keyOf, Signal, SignalEnd } from '../src/domain/wire.ts';
import { firstError } from '../src/stream/decode.ts';

export type Booked = Signal | SignalEnd | Fill;

export type DecodedBooked =
  | { readonly type: 'booked'; readonly record: Booked }
  | { readonly type: 'unknown'; readonly kind: string }
  | { readonly type: 'dead'; readonly reason: string; readonly detail: string };

const validators = {
  signal: Compile(Signal),
  signal_end: Compile(SignalEnd),
  fill: Compile(Fill),
};
const TOPIC_OF = { signal: 'signals', signal_end: 'signals', fill: 'fills' } as const;

const DEPTH_MAX = 16;

const dead = (reason: string, detail: string): DecodedBooked => ({ type: 'dead', reason, detail });

/** `topic`: without the installation's prefix. */
export function decodeBooked(
  topic: string,
  key: string | null,
  value: Buffer | null,
): DecodedBooked {
  if (value === null || value.length === 0) return dead('empty_value', 'the record has no value');
  if (!isUtf8(value)) return dead('bad_json', 'the value is not UTF-8');
  let json: unknown;
  try {
    json = JSON.parse(value.toString('utf8'));
  } catch (error) {
    return dead('bad_json', (error as Error).message);
  }
  const kind = kindOf(json);
  if (kind === null) return dead('not_a_record', 'expected an object with a "kind"');
  if (!isOurs(kind)) return { type: 'unknown', kind };
  if (TOPIC_OF[kind] !== topic)
    return dead('wrong_topic', `a ${kind} belongs on ${TOPIC_OF[kind]}`);
  const validator = validators[kind];
  if (isDeep(json)) return dead('schema', `values lie deeper than ${DEPTH_MAX} levels`);
  if (!validator.Check(json)) return dead('schema', firstError(validator, json));
  const expected = json.kind === 'fill' ? json.account : keyOf(json);
  if (key !== null && key !== expected) {
    return dead('key_mismatch', `the key says ${key}, the body ${expected}`);
  }
  return { type: 'booked', record: json };
}

const isOurs = (kind: string): kind is keyof typeof validators => Object.hasOwn(validators, kind);

/** The kind that a record says it is of, or null where it is no record. */
export function kindOf(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const kind: unknown = (json as { kind?: unknown }).kind;
  return typeof kind === 'string' ? kind : null;
}

/** Level by level: whoever goes down by calling itself would run out of stack. */
function isDeep(json: unknown): boolean {
  let level: unknown[] = [json];
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
