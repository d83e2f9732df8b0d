/**
 * bytes of a record of `signals` or `fills` -> what is to be booked, or why it is dead
 *
 * Pure. A schema refuses what the tables would refuse, so that a record fails here, alone, and not
 * in the middle of a transaction. A kind that is not ours is no fault: newer producers add some.
 */
import { Compile } from 'typebox/compile';
import { Fill, instrumentKey, Refusal, Signal, SignalEnd } from '../../src/domain/wire.ts';
import { firstError } from '../../src/stream/decode.ts';
import { dead, keyMismatch, readJsonRecord, type Dead } from '../../src/stream/json-record.ts';

export type Booked = Signal | SignalEnd | Refusal | Fill;

export type DecodedBooked =
  | { readonly type: 'booked'; readonly record: Booked }
  | { readonly type: 'unknown'; readonly kind: string }
  | Dead;

const validators = {
  signal: Compile(Signal),
  signal_end: Compile(SignalEnd),
  refusal: Compile(Refusal),
  fill: Compile(Fill),
};
const TOPIC_OF = {
  signal: 'signals',
  signal_end: 'signals',
  refusal: 'signals',
  fill: 'fills',
} as const;

const DEPTH_MAX = 16;

/** `topic`: without the installation's prefix. */
export function decodeBooked(
  topic: string,
  key: string | null,
  value: Buffer | null,
): DecodedBooked {
  const read = readJsonRecord(value);
  if (read.type === 'dead') return read;
  const { json, kind } = read;
  if (!isOurs(kind)) return { type: 'unknown', kind };
  if (TOPIC_OF[kind] !== topic)
    return dead('wrong_topic', `a ${kind} belongs on ${TOPIC_OF[kind]}`);
  const validator = validators[kind];
  if (isDeep(json)) return dead('schema', `values lie deeper than ${DEPTH_MAX} levels`);
  if (!validator.Check(json)) return dead('schema', firstError(validator, json));
  const mismatch = keyMismatch(key, json.kind === 'fill' ? json.account : instrumentKey(json));
  if (mismatch !== null) return mismatch;
  return { type: 'booked', record: json };
}

const isOurs = (kind: string): kind is keyof typeof validators => Object.hasOwn(validators, kind);

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
