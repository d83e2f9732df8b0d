/**
 * The bare transport of a stream: stock kafkajs hands the records that are marked on to another
 * topic, as soon as it has them, and does nothing else.
 *
 *   plain-echo.mjs <brokers> <topic> <topic of the echo> <group> <mark>
 */
import { createRequire } from 'node:module';

const { Kafka, logLevel, Partitioners } = createRequire(import.meta.url)('kafkajs');
const [brokers, topic, echoTopic, groupId, mark] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
const consumer = kafka.consumer({ groupId, minBytes: 1, maxWaitTimeInMs: 50 });
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: false });
consumer.on('consumer.group_join', () => process.send?.('ready'));
consumer.on('consumer.crash', ({ payload }) => {
  if (payload.restart) return;
  console.error(payload.error);
  process.exit(1);
});
await consumer.run({
  autoCommitInterval: 1_000,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    const marked = batch.messages.filter(({ headers }) => headers?.[mark] !== undefined);
    if (marked.length === 0) return;
    const messages = marked.map(({ key, value }) => ({ key, value }));
    await producer.send({ topic: echoTopic, messages, acks: -1 });
  },
});
