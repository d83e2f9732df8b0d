/** Records -> the bytes in which a broker hands them out: uncompressed batches, by kafkajs. */
import { createRequire } from 'node:module';
import type { BenchTick } from './bench-ticks.ts';

const require = createRequire(import.meta.url);
const SRC = 'kafkajs/src/protocol';
const Long = require('kafkajs/src/utils/long.js') as { fromValue(value: number): unknown };
const encodeRecord = require(`${SRC}/recordBatch/record/v0/index.js`) as (record: object) => object;
const { RecordBatch } = require(`${SRC}/recordBatch/v0/index.js`) as {
  RecordBatch: (batch: object) => Promise<{ readonly buffer: Buffer }>;
};

/** The record set of one partition in a fetch response, its size in front. */
export async function recordSet(ticks: readonly BenchTick[], perBatch: number): Promise<Buffer> {
  const batches: Buffer[] = [];
  for (let at = 0; at < ticks.length; at += perBatch) {
    batches.push(await encodeBatch(ticks.slice(at, at + perBatch), at));
  }
  const set = Buffer.concat(batches);
  const size = Buffer.alloc(4);
  size.writeInt32BE(set.length);
  return Buffer.concat([size, set]);
}

async function encodeBatch(ticks: readonly BenchTick[], firstOffset: number): Promise<Buffer> {
  const times = ticks.map(({ ts }) => Math.floor(ts / 1_000));
  const [firstTimestamp = 0] = times;
  const records = ticks.map(({ key, value }, offsetDelta) =>
    encodeRecord({
      key,
      value,
      offsetDelta,
      timestampDelta: Long.fromValue((times[offsetDelta] ?? 0) - firstTimestamp),
    }),
  );
  const { buffer } = await RecordBatch({
    firstOffset: Long.fromValue(firstOffset),
    firstTimestamp,
    maxTimestamp: Math.max(...times),
    lastOffsetDelta: ticks.length - 1,
    records,
  });
  return buffer;
}
