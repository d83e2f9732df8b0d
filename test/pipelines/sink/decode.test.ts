/** Records of the derived topics that are none, and kinds that nobody knows on the topics of ticks. */
import { expect, test } from 'vitest';
import { decodeDerived, unknownTickKinds } from '../../../pipelines/sink/decode.ts';

const prediction = {
  ...{ kind: 'prediction', prediction_id: 'p', feature_id: 'f', model_id: 'm', slot: 'champion' },
  ...{ label_spec: 'direction_1h@1', venue: 'v', symbol: 'X', ts: 1, decided_ts: 1, known_at: 1 },
  ...{ horizon_s: 60, probability_up: 0.5, expected_return: 0, close: 1, verdict: 'ok' },
};
const decodeReason = (json: unknown, key: string | null = null): string => {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  const found = decodeDerived('prediction', key, Buffer.from(text));
  return found.type === 'dead' ? found.reason : found.type;
};

test('a derived record is stored, dead by its reason, or of a kind that nobody knows', () => {
  expect(decodeReason(prediction, 'v:X')).toBe('prediction');
  expect(decodeReason(prediction)).toBe('prediction');
  expect(decodeReason(prediction, 'v:Y')).toBe('key_mismatch');
  expect(decodeReason({ ...prediction, probability_up: null })).toBe('schema');
  expect(decodeReason({ kind: 'feature' })).toBe('wrong_topic');
  expect(decodeReason({ kind: 'weather' })).toBe('unknown');
  for (const json of ['null', '[]', [prediction], '7', {}, { kind: null }]) {
    expect(decodeReason(json)).toBe('not_a_record');
  }
  for (const text of ['{', 'NaN', '['.repeat(200_000)]) expect(decodeReason(text)).toBe('bad_json');
  expect(decodeDerived('prediction', null, null)).toMatchObject({ reason: 'empty_value' });
  expect(decodeDerived('prediction', null, Buffer.from([0xff]))).toMatchObject({
    reason: 'bad_json',
  });
});

test('kinds that are skipped in a frame are counted by name, those of ticks are not', () => {
  const frame = [{ kind: 'trade' }, { kind: 'auction' }, { kind: 'book' }, { kind: 'auction' }];
  const at = { topic: 'ticks', partition: 2, offset: 9 };
  const record = { ...at, timestampUs: 0, key: 'v:X', value: Buffer.from(JSON.stringify(frame)) };
  expect(unknownTickKinds(record)).toEqual([
    { ...at, kind: 'auction', records: 2 },
    { ...at, kind: 'book', records: 1 },
  ]);
});
