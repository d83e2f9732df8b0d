/** The header of imported records, by both ways in which a record can come. */
import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { FetchedMessage } from '../../src/kafka/fetch.ts';
import { toLogRecord } from '../../src/kafka/records.ts';
import { IMPORT_HEADERS } from '../../src/domain/imported.ts';

type Headers = Readonly<Record<string, string>>;

/** As it lies in a fetched batch: key, value, then the headers; no part is longer than 63 bytes. */
function fetched(headers: Headers, value: string | null): FetchedMessage {
  const bytes: number[] = [...Buffer.from('v:A'), ...Buffer.from(value ?? '')];
  const zigzag = (n: number): number => 2 * n;
  bytes.push(zigzag(Object.keys(headers).length));
  for (const part of Object.entries(headers).flat()) {
    bytes.push(zigzag(part.length), ...Buffer.from(part));
  }
  const message = new FetchedMessage(Buffer.from(bytes), 7, 5);
  message.keyLength = 3;
  message.valueFrom = 3;
  message.valueLength = value === null ? -1 : value.length;
  return message;
}

const plain = (headers: Headers): KafkaMessage =>
  ({
    ...{ key: Buffer.from('v:A'), value: Buffer.from('x'), timestamp: '5', offset: '7' },
    headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, Buffer.from(v)])),
  }) as unknown as KafkaMessage;

test.each<[string, Headers, boolean]>([
  ['no header', {}, false],
  ['the header', IMPORT_HEADERS, true],
  ['it among others', { a: 'b', ...IMPORT_HEADERS, z: '1' }, true],
  ['another value', { imported: 'yes' }, false],
  ['no value', { imported: '' }, false],
  ['another name', { Imported: '1' }, false],
])('%s', (_, headers, isImported) => {
  const message = fetched(headers, 'x') as unknown as KafkaMessage;
  expect(toLogRecord('ticks', 0, message).isImported).toBe(isImported);
  const empty = fetched(headers, null) as unknown as KafkaMessage;
  expect(toLogRecord('ticks', 0, empty).isImported).toBe(isImported);
  expect(toLogRecord('ticks', 0, plain(headers)).isImported).toBe(isImported);
});

test('headers of a message without any are not read', () => {
  const message = fetched({}, 'x');
  Object.defineProperty(message, 'headers', {
    get: () => {
      throw new Error('they were read');
    },
  });
  expect(toLogRecord('ticks', 0, message as unknown as KafkaMessage).isImported).toBe(false);
});
