/** Our decoder of fetched bytes held against that of kafkajs, on batches that kafkajs made. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CODECS } from '../../src/kafka/codecs.ts';
import { FetchedMessage, fetchDecoder } from '../../src/kafka/fetch.ts';
import { kafkajsDecoder as plain } from '../../src/kafka/kafkajs.ts';

interface Reader {
  readonly buffer: Buffer;
  offset: number;
}
interface Written {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string | string[]>;
  readonly timestampDelta: number;
}
interface BatchOptions {
  readonly compression?: number;
  readonly transactional?: boolean;
}

const require = createRequire(import.meta.url);
const SRC = 'kafkajs/src/protocol';
const Decoder = require(`${SRC}/decoder.js`) as new (buffer: Buffer) => Reader;
const Long = require('kafkajs/src/utils/long.js') as { fromValue(value: number): unknown };
const Record = require(`${SRC}/recordBatch/record/v0/index.js`) as (record: object) => object;
const { RecordBatch } = require(`${SRC}/recordBatch/v0/index.js`) as {
  RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};

async function encodeBatch(
  records: readonly Written[],
  firstOffset: number,
  firstTimestamp: number,
  options: BatchOptions = {},
): Promise<Buffer> {
  const all = records.map(({ key, value, headers, timestampDelta }, offsetDelta) =>
    Record({ key, value, headers, timestampDelta: Long.fromValue(timestampDelta), offsetDelta }),
  );
  const maxTimestamp = firstTimestamp + Math.max(0, ...records.map((r) => r.timestampDelta));
  const { buffer } = await RecordBatch({
    compression: options.compression ?? 0,
    firstOffset: Long.fromValue(firstOffset),
    firstTimestamp,
    maxTimestamp,
    partitionLeaderEpoch: 0,
    lastOffsetDelta: records.length - 1,
    transactional: options.transactional ?? false,
    producerId: Long.fromValue(-1),
    producerEpoch: 0,
    firstSequence: 0,
    records: all,
  });
  return buffer;
}

const response = (set: Buffer): Reader => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(set.length);
  return new Decoder(Buffer.concat([size, set, Buffer.from('what comes behind')]));
};

const shown = (messages: readonly object[]): unknown[] =>
  (messages as FetchedMessage[]).map(({ offset, timestamp, key, value, headers, ...rest }) => {
    const { isControlRecord } = rest as { isControlRecord?: boolean };
    return { offset, timestamp, key, value, headers: { ...headers }, isControlRecord };
  });

/** Both ways; ours must have answered itself unless `left` is true. */
async function both(set: Buffer, left = false): Promise<readonly object[]> {
  let isSent = false;
  const ours = response(set);
  const found = await fetchDecoder((decoder) => {
    isSent = true;
    return plain(decoder);
  })(ours);
  const theirs = response(set);
  const expected = await plain(theirs);
  const look = found.map((m) => (m instanceof FetchedMessage ? view(m) : m));
  expect(shown(look)).toEqual(shown(expected));
  expect(ours.offset).toBe(theirs.offset);
  expect(isSent).toBe(left);
  return found;
}

const view = (m: FetchedMessage): object => ({
  offset: m.offset,
  timestamp: m.timestamp,
  key: m.key,
  value: m.value,
  headers: m.headers,
  isControlRecord: m.isControlRecord,
});

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)));
const written: fc.Arbitrary<Written> = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== '__proto__'),
    fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 2, maxLength: 3 })),
    { maxKeys: 3 },
  ),
  timestampDelta: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 2 ** 40 })),
});
const batch = fc.tuple(
  fc.array(written, { minLength: 1, maxLength: 20 }),
  fc.nat({ max: 2 ** 45 }),
  fc.integer({ min: 0, max: 2 ** 42 }),
);

describe('fetched bytes', () => {
  test('become the messages that kafkajs makes of them, whole and cut off anywhere', async () => {
    const drawn = fc.tuple(fc.array(batch, { minLength: 1, maxLength: 4 }), fc.nat({ max: 400 }));
    await fc.assert(
      fc.asyncProperty(drawn, async ([batches, cut]) => {
        const sets = await Promise.all(batches.map((some) => encodeBatch(...some)));
        const set = Buffer.concat(sets);
        expect(await both(set)).toHaveLength(batches.flatMap(([records]) => records).length);
        const rest = set.subarray(0, Math.max(61, set.length - cut));
        await both(rest);
      }),
      { numRuns: 200 },
    );
  });

  const record = { key: null, value: Buffer.from('v'), headers: {}, timestampDelta: 0 };

  // Nothing here writes zstd; a producer of Java does, in codecs.int.test.ts.
  const { zstd: _zstd, ...written_ } = CODECS;
  test.each(Object.entries(written_))('compressed by %s', async (_name, compression) => {
    const sets = [
      await encodeBatch([record], 0, 5),
      await encodeBatch([record, record], 1, 6, { compression }),
    ];
    expect(await both(Buffer.concat(sets))).toHaveLength(3);
  });

  test('transactional ones are left to kafkajs, with all that lie beside them', async () => {
    const more = await encodeBatch([record, record], 1, 6, { transactional: true });
    const sets = [await encodeBatch([record], 0, 5), more];
    expect(await both(Buffer.concat(sets), true)).toHaveLength(3);
  });

  test('an empty fetch holds nothing', async () => {
    expect(await both(Buffer.alloc(0), true)).toEqual([]);
  });

  test('a key is the same text whoever asks, whatever came between', async () => {
    const keys = Array.from({ length: 3_000 }, (_, i) => `venue:S${i % 1_000}/ü`);
    const records = keys.map((key) => ({
      key: Buffer.from(key),
      value: null,
      headers: {},
      timestampDelta: 0,
    }));
    const found = (await both(await encodeBatch(records, 0, 0))) as FetchedMessage[];
    expect(found.map(({ keyText }) => keyText)).toEqual(keys);
  });

  test('those below the asked offset are dropped as kafkajs asks for it', async () => {
    const found = (await both(
      await encodeBatch([record, record, record], 7, 0),
    )) as FetchedMessage[];
    const kept = found.filter(({ offset }) => Number(offset) >= 8);
    expect(kept.map(({ offset }) => offset)).toEqual(['8', '9']);
    expect(
      kept.filter(({ offset }) => offset === '9'),
      'an ordinary array',
    ).toHaveLength(1);
  });
});
