/**
 * The tick that completes a candle is appended -> its prediction can be read from `predictions`,
 * beside the bare transport (the same ticks through a process that only hands the marked ones on),
 * in turns on the same servers.
 *
 *   node --import tsx test/bench/latency.ts [--seconds 40] [--rounds 2] [--per-s 5000]
 *
 * Open loop: send times are fixed in advance, and latency counts from the time at which the tick
 * was meant to be sent. Event time runs faster than the clock, so that every instrument closes two
 * candles a second; the generator and the reader are one process, the same for both sides. The
 * first seconds of each turn are for the compilers.
 */
import { parseArgs } from 'node:util';
import type { Consumer } from 'kafkajs';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { assert } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import { floorTo, US_PER_MIN } from '../../src/domain/time.ts';
import type { Prediction } from '../../src/domain/wire.ts';
import type { Bed } from '../faults/bed.ts';
import { FROM_TS } from './bench-ticks.ts';
import { openLoop, type Planned } from './open-loop.ts';
import { onServers, sendControls, startOurs, startPeer, verdict } from './server-bench.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '2' },
    'per-s': { type: 'string', default: '5000' },
    instruments: { type: 'string', default: '10' },
    profile: { type: 'string', default: '' },
  },
});
const PER_S = Number(values['per-s']);
const INSTRUMENTS = Number(values.instruments);
const WARM_UP_S = 10;
const CANDLES_PER_S = 2;
/** Event time of an instrument's tick: so many make a minute that two pass in a second. */
const STEP_US = Math.round((US_PER_MIN * CANDLES_PER_S * INSTRUMENTS) / PER_S);

const ECHO = new URL('./peers/plain-echo.mjs', import.meta.url).pathname;
const MARK = 'close';

type Side = 'ours' | 'transport';

async function main(): Promise<void> {
  const latencies: Record<Side, number[]> = { ours: [], transport: [] };
  await onServers((bed) =>
    withAdmin(bed.context.kafka, async (admin) => {
      await sendControls(bed);
      const plain = ['bench-plain', 'bench-echo'].map((topic) => ({ topic, numPartitions: 4 }));
      await admin.createTopics({ topics: plain, waitForLeaders: true });
      const stream = await startOurs(bed, 'stream', { profile: values.profile });
      const echo = await startPeer(bed, ECHO, ['bench-plain', 'bench-echo', 'bench-echo', MARK]);
      const { latenessUs } = bed.config;
      const markets = { ours: new Market(latenessUs), transport: new Market(latenessUs) };
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const side of ['transport', 'ours'] as const) {
          const found = await turn(bed, side, markets[side]);
          latencies[side].push(...found);
          notify(`round ${round + 1}, ${side}`, found);
        }
      }
      await echo.stop();
      await stream.stop();
    }),
  );
  notify('bare transport', latencies.transport);
  const [p50, p99, most] = notify('ours', latencies.ours);
  verdict('p50', p50, { atMost: 5, unit: ' ms' });
  verdict('p99', p99, { atMost: 25, unit: ' ms' });
  verdict('the longest', most, { atMost: 250, unit: ' ms' });
}

function notify(
  what: string,
  latencies: readonly number[],
): [p50: number, p99: number, max: number] {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  const [p50, p99, most] = [at(0.5), at(0.99), at(1)];
  const text = [p50, p99, most].map((ms) => `${ms.toFixed(1)} ms`);
  console.log(
    `${what.padEnd(20)} p50 ${text[0]}, p99 ${text[1]}, max ${text[2]} (${sorted.length})`,
  );
  return [p50, p99, most];
}

/** Every instrument's event time goes on from turn to turn; they close their candles in turns. */
class Market {
  private readonly steps = Array.from({ length: INSTRUMENTS }, () => 0);
  private readonly latenessUs: number;
  private ids = 0;

  constructor(latenessUs: number) {
    this.latenessUs = latenessUs;
  }

  /** The next tick, and the key under which its prediction will come, if it completes a candle. */
  tick(i: number): { key: string; ts: number; value: string; completes: string | null } {
    const n = i % INSTRUMENTS;
    const before = this.stepTs(n);
    this.steps[n] = (this.steps[n] ?? 0) + 1;
    const ts = this.stepTs(n);
    const [passed, was] = [ts, before].map((at) => floorTo(at - this.latenessUs, US_PER_MIN));
    const symbol = `S${n}/USD`;
    const price = (6_000_000 + ((this.ids * 7_919) % 1_000)) / 100;
    const id = String(++this.ids);
    const tick = { kind: 'trade', venue: 'bench', symbol, id, ts, price, size: 0.5, side: 'buy' };
    const firstTs = this.stepTs(n, 1);
    // The first candle begins with the first tick: before it there is none to be completed.
    const completes = passed !== was && (passed ?? 0) > firstTs ? `${symbol}|${ts}` : null;
    return { key: `bench:${symbol}`, ts, value: JSON.stringify(tick), completes };
  }

  private stepTs(n: number, step: number = this.steps[n] ?? 0): number {
    const phase = Math.round((n * US_PER_MIN) / INSTRUMENTS);
    return FROM_TS + phase + step * STEP_US;
  }
}

async function turn(bed: Bed, side: Side, market: Market): Promise<number[]> {
  const { kafka, topicName } = bed.context;
  const [into, outTopic] =
    side === 'ours'
      ? [topicName('ticks'), topicName('predictions')]
      : ['bench-plain', 'bench-echo'];
  const intended = new Map<string, number>();
  const latencies: number[] = [];
  const startMs = performance.now();
  const reader = kafka.consumer({
    groupId: `latency-${startMs}`,
    minBytes: 1,
    maxWaitTimeInMs: 50,
  });
  await listen(reader, outTopic, (value, nowMs) => {
    const { symbol, ...record } = JSON.parse(value) as Prediction;
    const place = `${symbol}|${side === 'ours' ? record.decided_ts : record.ts}`;
    const sentMs = intended.get(place);
    if (sentMs === undefined) return;
    intended.delete(place);
    if (sentMs >= 0) latencies.push(nowMs - sentMs);
  });
  const total = (WARM_UP_S + Number(values.seconds)) * PER_S;
  const next = (i: number, intendedMs: number): Planned | null => {
    if (i >= total) return null;
    const { key, ts, value, completes } = market.tick(i);
    if (completes !== null) intended.set(completes, i < WARM_UP_S * PER_S ? -1 : intendedMs);
    const headers = completes === null ? {} : { headers: { [MARK]: '1' } };
    const message = { key, value, timestamp: String(Math.floor(ts / 1_000)), ...headers };
    return { topic: into, message };
  };
  await openLoop({ kafka, perS: PER_S, next });
  const deadline = performance.now() + 10_000;
  while (intended.size > 0 && performance.now() < deadline) await sleep(50);
  await reader.disconnect();
  assert(intended.size === 0, `${intended.size} of the candles have no ${side} record`);
  return latencies;
}

async function listen(
  reader: Consumer,
  topic: string,
  take: (value: string, nowMs: number) => void,
): Promise<void> {
  await reader.connect();
  await reader.subscribe({ topics: [topic], fromBeginning: false });
  const joined = new Promise((resolve) => reader.on('consumer.group_join', resolve));
  await reader.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: ({ batch }) => {
      const nowMs = performance.now();
      for (const { value } of batch.messages) if (value !== null) take(value.toString(), nowMs);
      return Promise.resolve();
    },
  });
  await joined;
  // Where the topic ends is asked for a moment later.
  await sleep(1_000);
}

await main();
process.exit();
