/**
 * The sink that one writes in an afternoon: kafkajs's eachBatch, JSON.parse, the official client's
 * row by row, each at its best settings. Reads `ticks` from the beginning; ends by a signal.
 *
 *   node plain-sink.mjs <brokers> <QuestDB's address> <topic> <table> <group>
 */
import { Sender } from '@questdb/nodejs-client';
import { Kafka, logLevel } from 'kafkajs';
import { loadConfig } from '../../../src/config/config.ts';

const [brokers, questdb, topic, table, groupId] = process.argv.slice(2);
const { username, password } = new URL(loadConfig().questdbUrl);
const sender = await Sender.fromConfig(
  `http::addr=${questdb};username=${username};password=${password};protocol_version=2;` +
    'auto_flush=off;init_buf_size=67108864;max_buf_size=268435456;',
);
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({
  groupId,
  maxBytesPerPartition: 4 * 1024 * 1024,
  maxWaitTimeInMs: 100,
});
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
consumer.on('consumer.group_join', () => process.send?.('ready'));
let tail = Promise.resolve();
await consumer.run({
  eachBatch: ({ batch }) => {
    const work = async () => {
      for (const { value } of batch.messages) {
        const tick = JSON.parse(value.toString());
        // Clock records stand between the ticks.
        if (tick.venue === undefined) continue;
        const row = sender.table(table).symbol('venue', tick.venue).symbol('symbol', tick.symbol);
        if (tick.side !== undefined) row.symbol('side', tick.side);
        row.stringColumn('id', tick.id);
        row.floatColumn('price', Number(tick.price)).floatColumn('size', Number(tick.size));
        await row.at(tick.ts, 'us');
      }
      await sender.flush();
    };
    // One buffer for all partitions: a batch at a time.
    tail = tail.then(work);
    return tail;
  },
});
