/**
 * kafkajs with our decoder of fetched records in it, and every codec that records come in.
 *
 * It is required and not imported: a loader of TypeScript gives an imported package modules of its
 * own, and those would go on with kafkajs's decoder.
 */
import { createRequire } from 'node:module';
import type * as Kafkajs from 'kafkajs';
import { kafkajsCodecs } from './codecs.ts';
import { fetchDecoder, type DecodeMessages } from './fetch.ts';

const require = createRequire(import.meta.url);
const DECODER = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js';

/** kafkajs's own, which ours is held against. */
export const kafkajsDecoder = require(DECODER) as DecodeMessages;
const loaded = require.cache[require.resolve(DECODER)];
if (loaded === undefined) throw new Error(`${DECODER} is not where kafkajs looks for it`);
loaded.exports = fetchDecoder(kafkajsDecoder);

quietQueues(require('kafkajs/src/network/requestQueue/index.js') as RequestQueueClass);

export const {
  CompressionTypes,
  CompressionCodecs,
  ConfigResourceTypes,
  Kafka,
  logLevel,
  Partitioners,
} = require('kafkajs') as typeof Kafkajs;

for (const [codec, make] of kafkajsCodecs()) Object.assign(CompressionCodecs, { [codec]: make });

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}
interface RequestQueueClass {
  readonly prototype: RequestQueue;
}

/**
 * A connection of kafkajs looks for requests that wait a thousand times a second, whether there are
 * any or not: its pause until the end of a throttling that is none comes out negative. Without one
 * that waits there is nothing to look for; whatever makes one wait looks again itself.
 */
function quietQueues({ prototype }: RequestQueueClass): void {
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function whereOneWaits(): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
