/**
 * ticks -> features -> predictions -> signals, end to end: the stream process beside a plain one
 * (stock kafkajs, JSON.parse, trading-signals), in turns on the same topic of single records, and
 * once more on frames of 50. Control records as of a new installation: the paper bot is on, the
 * baseline predicts.
 *
 *   node --import tsx test/bench/stream-process.ts [--ticks 600000] [--rounds 3] [--per-candle 600]
 *
 * First comes a thinner range of five hours, so that the baseline has its 200 outcomes and the
 * bot trades in what is measured. Before a number is printed, all candles of both are equal, and
 * so are the indicators that do not depend on a seed.
 */
import { parseArgs } from 'node:util';
import type { Admin } from 'kafkajs';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { assert } from '../../src/assert.ts';
import { US_PER_MIN } from '../../src/domain/time.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import type { Bed } from '../faults/bed.ts';
import { benchTicks, FROM_TS, type BenchTick } from './bench-ticks.ts';
import { compareStreams, countRecords } from './compare-streams.ts';
import { groupRun, type GroupCost } from './group-run.ts';
import { median } from './measure.ts';
import {
  toFrames,
  onServers,
  produce,
  toRecord,
  resetStage,
  sendControls,
  spread,
  startOurs,
  startPeer,
  verdict,
} from './server-bench.ts';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '600000' },
    rounds: { type: 'string', default: '3' },
    instruments: { type: 'string', default: '16' },
    'per-candle': { type: 'string', default: '600' },
    profile: { type: 'string', default: '' },
  },
});
const FRAME = 50;
const INSTRUMENTS = Number(values.instruments);
const PER_CANDLE = Number(values['per-candle']);
const WARM_UP_MINUTES = 300;
const WARM_UP_PER_CANDLE = 20;
const CANDLES_TOPIC = 'bench-candles';
const PLAIN = new URL('./peers/plain-stream.mjs', import.meta.url).pathname;

async function main(): Promise<void> {
  const [thin, dense] = ticks();
  console.log(
    `${INSTRUMENTS} instruments, ${PER_CANDLE} ticks a minute candle; ours: all features, the ` +
      'baseline, the paper bot\n' +
      'plain: kafkajs eachBatch, 4 MiB a partition, 4 partitions concurrently, young generation ' +
      'of 32 MiB, acks all',
  );
  const single = await costs('single records', thin, dense, 1);
  const framed = await costs(`frames of ${FRAME}`, thin, dense, FRAME);
  const rate = (cost: readonly GroupCost[]): number => 1e6 / median(cost.map((c) => c.perTick));
  verdict('single records, a core', rate(single.ours), { atLeast: 100_000, unit: ' ticks/s' });
  verdict(`frames of ${FRAME}, a core`, rate(framed.ours), { atLeast: 300_000, unit: ' ticks/s' });
  const ratio = rate(single.ours) / rate(single.plain);
  console.log(`single records: ${ratio.toFixed(1)} x what the plain one does with a core`);
}

/** Five thin hours, then the range that is measured; it ends in the middle of a minute. */
function ticks(): [thin: BenchTick[], dense: BenchTick[]] {
  const of = (minutes: number, perCandle: number, fromTs: number): BenchTick[] => {
    const stepUs = Math.round(US_PER_MIN / (INSTRUMENTS * perCandle));
    const count = Math.floor((minutes * US_PER_MIN) / stepUs);
    return benchTicks({ count, instruments: INSTRUMENTS, stepUs, fromTs });
  };
  const minutes = Math.floor(Number(values.ticks) / (INSTRUMENTS * PER_CANDLE)) + 0.5;
  const thin = of(WARM_UP_MINUTES, WARM_UP_PER_CANDLE, FROM_TS);
  return [thin, of(minutes, PER_CANDLE, FROM_TS + WARM_UP_MINUTES * US_PER_MIN)];
}

async function costs(
  what: string,
  thin: readonly BenchTick[],
  dense: readonly BenchTick[],
  perRecord: number,
): Promise<{ ours: GroupCost[]; plain: GroupCost[] }> {
  const toRecords = (of: readonly BenchTick[]): OutRecord[] =>
    perRecord === 1 ? of.map(toRecord) : toFrames(of, perRecord);
  return onServers((bed) =>
    withAdmin(bed.context.kafka, async (admin) => {
      await sendControls(bed);
      const [early, late] = [toRecords(thin), toRecords(dense)];
      await produce(bed, early);
      await produce(bed, late);
      await admin.createTopics({ topics: [{ topic: CANDLES_TOPIC, numPartitions: 4 }] });
      // Of what is dense a tenth is for the compilers too.
      const warmUp = (early.length + 0.1 * late.length) / (early.length + late.length);
      const run = (who: 'ours' | 'plain', round: number): Promise<GroupCost> =>
        groupRun({
          admin,
          groupId: who === 'ours' ? bed.context.groupId('stream') : `plain-${round}`,
          topic: bed.context.topicName('ticks'),
          warmUp,
          ticksPerRecord: dense.length / late.length,
          start: () => (who === 'ours' ? startStream(bed, admin) : startPlain(bed, round)),
        });
      return rounds(bed, what, perRecord === 1, run);
    }),
  );
}

async function rounds(
  bed: Bed,
  what: string,
  withPlain: boolean,
  run: (who: 'ours' | 'plain', round: number) => Promise<GroupCost>,
): Promise<{ ours: GroupCost[]; plain: GroupCost[] }> {
  const samples: { ours: GroupCost[]; plain: GroupCost[] } = { ours: [], plain: [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    const order = round % 2 === 0 ? (['ours', 'plain'] as const) : (['plain', 'ours'] as const);
    for (const who of order) {
      if (who === 'plain' && !withPlain) continue;
      const cost = await run(who, round);
      samples[who].push(cost);
      console.log(`round ${round + 1}, ${who}: ${cost.perTick.toFixed(2)} us CPU/tick`);
    }
  }
  const signals = await countRecords(bed, 'signals', 'signal_id');
  assert(signals > 0, 'the bot trades');
  const equal = withPlain ? `; ${await compareStreams(bed, CANDLES_TOPIC)}` : '';
  console.log(`${what}: ${signals} signals${equal}`);
  for (const who of ['ours', 'plain'] as const) {
    const [cpu, rate] = (['perTick', 'ticksPerS'] as const).map((of) =>
      samples[who].map((cost) => cost[of]),
    ) as [number[], number[]];
    if (cpu.length === 0) continue;
    const text = `${spread(cpu)} us CPU/tick, ${spread(rate, 0)} ticks/s`;
    console.log(`${what}, ${who.padEnd(5)} ${text}`);
  }
  return samples;
}

async function startStream(bed: Bed, admin: Admin) {
  await resetStage(bed, admin, 'stream');
  return startOurs(bed, 'stream', { profile: values.profile });
}

const startPlain = (bed: Bed, round: number) =>
  startPeer(bed, PLAIN, [bed.context.topicName('ticks'), CANDLES_TOPIC, `plain-${round}`]);

await main();
process.exit();
