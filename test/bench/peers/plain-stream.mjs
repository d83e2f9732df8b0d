/**
 * The stream that one writes in a day: kafkajs's eachBatch, JSON.parse, candles of four timeframes,
 * npm's trading-signals on each, and a JSON record for every instant at which candles end. It takes
 * ticks as ordered and unrepeated; no model, no money, no state kept.
 *
 *   plain-stream.mjs <brokers> <topic> <topic of the candles> <group>
 */
import { createRequire } from 'node:module';
import { tradingSignals } from '../trading-signals.ts';

const { Kafka, logLevel, Partitioners } = createRequire(import.meta.url)('kafkajs');
const MINUTE_US = 60_000_000;
const SEND_MAX = 500;
const LONGER = { '5m': 5 * MINUTE_US, '15m': 15 * MINUTE_US, '1h': 60 * MINUTE_US };

const [brokers, topic, candleTopic, groupId] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
const consumer = kafka.consumer({
  groupId,
  maxBytesPerPartition: 4 * 1024 * 1024,
  maxWaitTimeInMs: 100,
});
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
consumer.on('consumer.group_join', () => process.send?.('ready'));
consumer.on('consumer.crash', ({ payload }) => {
  if (payload.restart) return;
  console.error(payload.error);
  process.exit(1);
});

const instruments = new Map();

function opened(timeframe, startTs, price) {
  const sums = { volume: 0, trades: 0, buyVolume: 0, sellVolume: 0 };
  return { timeframe, startTs, open: price, high: price, low: price, close: price, ...sums };
}

function widen(candle, { high, low, close, volume, trades, buyVolume, sellVolume }) {
  if (high > candle.high) candle.high = high;
  if (low < candle.low) candle.low = low;
  candle.close = close;
  candle.volume += volume;
  candle.trades += trades;
  candle.buyVolume += buyVolume;
  candle.sellVolume += sellVolume;
}

/** The minute has ended, and with it perhaps longer candles. */
function endMinute(instrument) {
  const { minute, longer } = instrument;
  const endTs = minute.startTs + MINUTE_US;
  const candles = [minute];
  for (const [timeframe, us] of Object.entries(LONGER)) {
    const startTs = minute.startTs - (minute.startTs % us);
    longer[timeframe] ??= opened(timeframe, startTs, minute.open);
    widen(longer[timeframe], minute);
    if (endTs % us !== 0) continue;
    candles.push(longer[timeframe]);
    longer[timeframe] = undefined;
  }
  return { ts: endTs, candles, values: instrument.update(candles) };
}

function take(tick, out) {
  const key = `${tick.venue}:${tick.symbol}`;
  let instrument = instruments.get(key);
  if (instrument === undefined) {
    instrument = { minute: undefined, longer: {}, update: tradingSignals() };
    instruments.set(key, instrument);
  }
  const startTs = tick.ts - (tick.ts % MINUTE_US);
  if (instrument.minute !== undefined && startTs > instrument.minute.startTs) {
    const closing = endMinute(instrument);
    instrument.minute = undefined;
    const { venue, symbol } = tick;
    out.push({ key, value: JSON.stringify({ kind: 'candles', venue, symbol, ...closing }) });
  }
  const { price, size } = tick;
  const minute = (instrument.minute ??= opened('1m', startTs, price));
  if (price > minute.high) minute.high = price;
  if (price < minute.low) minute.low = price;
  minute.close = price;
  minute.volume += size;
  minute.trades += 1;
  if (tick.side === 'buy') minute.buyVolume += size;
  else if (tick.side === 'sell') minute.sellVolume += size;
}

await consumer.run({
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    const out = [];
    for (const { value } of batch.messages) {
      const tick = JSON.parse(value.toString());
      if (tick.kind === 'trade') take(tick, out);
    }
    // Of a thin range a batch makes more than a request may hold.
    for (let at = 0; at < out.length; at += SEND_MAX) {
      const messages = out.slice(at, at + SEND_MAX);
      await producer.send({ topic: candleTopic, messages, acks: -1 });
    }
  },
});
