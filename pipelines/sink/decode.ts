/**
 * bytes of a record of `features` or `predictions` -> what is stored, or why it is dead; and kinds
 * in a record of ticks that nobody knows
 */
import { Compile } from 'typebox/compile';
import { plainKind, type KindPlace } from '../../src/domain/dead-letter.ts';
import { Feature, instrumentKey, Prediction } from '../../src/domain/wire.ts';
import { firstError } from '../../src/stream/decode.ts';
import type { LogRecord } from '../../src/stream/stage.ts';
import {
  dead,
  keyMismatch,
  recordKind,
  readJsonRecord,
  type Dead,
} from '../../src/stream/json-record.ts';

type DecodedDerived =
  | { readonly type: 'feature'; readonly record: Feature }
  | { readonly type: 'prediction'; readonly record: Prediction }
  | { readonly type: 'unknown'; readonly kind: string }
  | Dead;

const features = Compile(Feature);
const predictions = Compile(Prediction);

/** `expected`: the kind that belongs on the record's topic. */
export function decodeDerived(
  expected: 'feature' | 'prediction',
  key: string | null,
  value: Buffer | null,
): DecodedDerived {
  const read = readJsonRecord(value);
  if (read.type === 'dead') return read;
  const { json, kind } = read;
  if (kind !== 'feature' && kind !== 'prediction') {
    return { type: 'unknown', kind: plainKind(kind) };
  }
  if (kind !== expected) return dead('wrong_topic', `a ${kind} belongs on ${kind}s`);
  const sound = features.Check(json) || predictions.Check(json) ? json : null;
  if (sound === null) {
    return dead('schema', firstError(expected === 'feature' ? features : predictions, json));
  }
  const mismatch = keyMismatch(key, instrumentKey(sound));
  if (mismatch !== null) return mismatch;
  return sound.kind === 'feature'
    ? { type: 'feature', record: sound }
    : { type: 'prediction', record: sound };
}

const OF_TICKS = new Set(['trade', 'quote', 'heartbeat', 'control']);

/** Of a record in which the decoder has skipped something: the kinds that it does not know. */
export function unknownTickKinds({ topic, partition, offset, value }: LogRecord): KindPlace[] {
  const json: unknown = JSON.parse((value ?? Buffer.alloc(0)).toString('utf8'));
  const counts = new Map<string, number>();
  for (const entry of Array.isArray(json) ? json : [json]) {
    const kind = recordKind(entry);
    if (kind === null || OF_TICKS.has(kind)) continue;
    const name = plainKind(kind);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([kind, records]) => ({ topic, partition, offset, kind, records }));
}
