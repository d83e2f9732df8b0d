/**
 * What a fetched record of a single tick costs until key, value and offset are at hand as a stage
 * wants them: our decoder beside kafkajs's own, with what kafkajs itself then does to its messages.
 */
import { createRequire } from 'node:module';
import { fetchDecoder, type FetchedMessage } from '../../src/kafka/fetch.ts';
import { assert } from '../../src/assert.ts';
import { benchTicks } from './bench-ticks.ts';
import { compare, printWhenAlone } from './compare.ts';
import type { NotedResult } from './measure.ts';
import { recordSet } from './record-batch.ts';

interface Reader {
  readonly buffer: Buffer;
  offset: number;
}
type Decode = (decoder: Reader) => Promise<readonly object[]>;
interface KafkajsMessage {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly offset: string;
  readonly timestamp: string;
}

const require = createRequire(import.meta.url);
const SRC = 'kafkajs/src/protocol';
const Decoder = require(`${SRC}/decoder.js`) as new (buffer: Buffer) => Reader;
const plain = require(`${SRC}/requests/fetch/v4/decodeMessages.js`) as Decode;
const Batch = require('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchedOffset: string,
  data: object,
) => { readonly messages: readonly object[] };

const COUNT = 20_000;

export async function benchKafkaFetch(): Promise<NotedResult[]> {
  const ticks = benchTicks({ count: COUNT, instruments: 10, stepUs: 1_000 });
  const set = await recordSet(ticks, 2_000);
  const ours = fetchDecoder(plain);
  const decodeMessages = async (decode: Decode): Promise<readonly object[]> => {
    const messages = await decode(new Decoder(set));
    return new Batch('ticks', '0', { partition: 0, highWatermark: '0', messages }).messages;
  };
  const our = async (): Promise<unknown[]> =>
    ((await decodeMessages(ours)) as FetchedMessage[]).map((m) => ({
      key: m.keyText,
      value: m.value,
      offset: m.offsetNumber,
      ms: m.timestampMs,
    }));
  const their = async (): Promise<unknown[]> =>
    ((await decodeMessages(plain)) as KafkajsMessage[]).map((m) => ({
      key: m.key.toString(),
      value: m.value,
      offset: Number(m.offset),
      ms: Number(m.timestamp),
    }));
  const [a, b] = [JSON.stringify(await our()), JSON.stringify(await their())];
  assert(a === b && a.includes(String(COUNT - 1)), 'both make the same of the bytes');
  const contest = { name: 'fetched record, kafkajs', items: COUNT, ours: our, theirs: their };
  return [await compare({ ...contest, ourCalls: 4, note: 'uncompressed, key and value at hand' })];
}

await printWhenAlone(import.meta.filename, benchKafkaFetch);
