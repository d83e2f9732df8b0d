/**
 * bytes of a record of `features` or `predictions` -> what is stored, or why it is dead; and kinds
 * in a record of ticks that nobody knows
 */
import { isUtf8 } from 'node:buffer';
import { Compile } from 'typebox/compile';
import { plainKind, type KindPlace } from '../src/domain/dead-letter.ts';
import { Feature, keyOf, Prediction } from '../src/domain/wire.ts';
import { firstError } from '../src/stream/decode.ts';
import type { LogRecord } from '../src/stream/stage.ts';
import { kindOf } from './trades-decode.ts';

type DecodedDerived =
  | { readonly type: 'feature'; readonly record: Feature }
  | { readonly type: 'prediction'; readonly record: Prediction }
  | { readonly type: 'unknown'; readonly kind: string }
  | { readonly type: 'dead'; readonly reason: string; readonly detail: string };

const features = Compile(Feature);
const predictions = Compile(Prediction);

const dead = (reason: string, detail: string): DecodedDerived => ({ type: 'dead', reason, detail });

/** `expected`: the kind that belongs on the record's topic. */
export function decodeDerived(
  expected: 'feature' | 'prediction',
  key: string | null,
  value: Buffer | null,
): DecodedDerived {
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
  if (kind !== 'feature' && kind !== 'prediction') {
    return { type: 'unknown', kind: plainKind(kind) };
  }
  if (kind !== expected) return dead('wrong_topic', `a ${kind} belongs on ${kind}s`);
  const sound = features.Check(json) || predictions.Check(json) ? json : null;
  if (sound === null) {
    return dead('schema', firstError(expected === 'feature' ? features : predictions, json));
  }
  if (key !== null && key !== keyOf(sound)) {
    return dead('key_mismatch', `the key says ${key}, the body ${keyOf(sound)}`);
  }
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
    const kind = kindOf(entry);
    if (kind === null || OF_TICKS.has(kind)) continue;
    const name = plainKind(kind);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([kind, records]) => ({ topic, partition, offset, kind, records }));
}
