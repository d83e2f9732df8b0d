/**
 * 10, 100, 1 000 and 10 000 instruments at the same total rate of event time, single records: CPU a
 * tick of stream and sink at each, beside themselves at 10; the state of an instrument in the
 * stream's checkpoints, and what these take of a core.
 *
 *   node --import tsx test/bench/growth.ts [--per-s 10000] [--rounds 3] [--counts 10,100]
 *
 * At 10 000 instruments a minute candle has a thousandth of the ticks that it has at 10, so a tick
 * carries a thousand times as much of a candle: that is in the ratio. The stream begins with the
 * state of instruments that were traded for three days; measured is one minute of event time, as
 * fast as it goes, with the end of a candle of every instrument in it. All ticks are counted in the
 * table, and a feature record for every instrument, before a number is printed.
 */
import { parseArgs } from 'node:util';
import type { Admin } from 'kafkajs';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { assert } from '../../src/assert.ts';
import { US_PER_MIN } from '../../src/domain/time.ts';
import { createTopics } from '../../src/runtime/topics.ts';
import type { InstrumentState } from '../../pipelines/stream/stream.ts';
import type { Bed } from '../faults/bed.ts';
import { benchTicks, FROM_TS } from './bench-ticks.ts';
import { checkpointCost, type CheckpointCost } from './checkpoint-cost.ts';
import { countRecords } from './compare-streams.ts';
import { groupRun, type GroupCost } from './group-run.ts';
import { median } from './measure.ts';
import {
  onServers,
  produce,
  toRecord,
  resetStage,
  sendControls,
  spread,
  startOurs,
  verdict,
} from './server-bench.ts';
import { seedStates, warmState } from './warm-state.ts';

const { values } = parseArgs({
  options: {
    'per-s': { type: 'string', default: '10000' },
    // A process that commits in leaps gives one run too little or too much now and then.
    rounds: { type: 'string', default: '3' },
    counts: { type: 'string', default: '10,100,1000,10000' },
    profile: { type: 'string', default: '' },
  },
});
/** The sink first: it would also store what the stream has made of the ticks. */
const STAGES = ['sink', 'stream'] as const;
const COUNTS = values.counts.split(',').map(Number);
const STEP_US = Math.round(1e6 / Number(values['per-s']));
/** In minutes of event time: what is for the compilers (candles end in it), and what is measured. */
const [WARM_UP, MEASURED] = [1.1, 1];

type Stage = (typeof STAGES)[number];

async function main(): Promise<void> {
  await onServers((bed) =>
    withAdmin(bed.context.kafka, async (admin) => {
      const state = warmState(bed.config, FROM_TS);
      const ticks = await produceAll(bed);
      await growth(bed, admin, ticks, state);
      await checkpoints(bed, state);
    }),
  );
}

/** Topics of its own for each number of instruments: a topic prefix makes an installation. */
const installation = ({ context }: Bed, instruments: number) => {
  const prefix = `n${instruments}-`;
  return {
    prefix,
    topicName: (name: string) => `${prefix}${context.topicName(name)}`,
    groupId: (stage: Stage) => `${prefix}${context.groupId(stage)}`,
  };
};

async function produceAll(bed: Bed): Promise<number> {
  const count = Math.floor(((WARM_UP + MEASURED) * US_PER_MIN) / STEP_US);
  for (const instruments of COUNTS) {
    const { prefix, topicName } = installation(bed, instruments);
    const { partitions } = bed.config;
    await createTopics(bed.context.kafka, { partitions, topicName });
    await sendControls(bed, topicName);
    const ticks = benchTicks({ count, instruments, stepUs: STEP_US });
    await produce(bed, ticks.map(toRecord), `${prefix}ticks`);
    const perCandle = (US_PER_MIN / STEP_US / instruments).toFixed(0);
    console.log(`${instruments} instruments: ${count} ticks, ${perCandle} a minute candle`);
  }
  return count;
}

async function growth(
  bed: Bed,
  admin: Admin,
  ticks: number,
  state: InstrumentState,
): Promise<void> {
  const samples = new Map<string, number[]>();
  for (const stage of STAGES) {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const instruments of COUNTS) {
        const { perTick } = await run(bed, admin, { stage, instruments, ticks, state });
        console.log(
          `round ${round + 1}, ${stage} of ${instruments}: ${perTick.toFixed(2)} us/tick`,
        );
        const name = `${stage} ${instruments}`;
        samples.set(name, [...(samples.get(name) ?? []), perTick]);
      }
    }
  }
  const of = (stage: Stage, instruments: number): number[] =>
    samples.get(`${stage} ${instruments}`) ?? [];
  for (const stage of STAGES) {
    const first = median(of(stage, COUNTS[0] ?? 0));
    for (const instruments of COUNTS) {
      const times = (median(of(stage, instruments)) / first).toFixed(2);
      const text = `${spread(of(stage, instruments))} us CPU/tick, ${times} x`;
      console.log(`${stage}, ${String(instruments).padStart(5)} instruments: ${text}`);
    }
    const last = median(of(stage, COUNTS.at(-1) ?? 0));
    verdict(`${stage}, most / fewest instruments`, last / first, { atMost: 1.5, unit: ' x' });
  }
}

interface Run {
  readonly stage: Stage;
  readonly instruments: number;
  readonly ticks: number;
  readonly state: InstrumentState;
}

async function run(
  bed: Bed,
  admin: Admin,
  { stage, instruments, ticks, state }: Run,
): Promise<GroupCost> {
  const { prefix, topicName, groupId } = installation(bed, instruments);
  const { postgres, config } = bed.context;
  const reader = bed.context.questdbReader();
  const keys = Array.from({ length: instruments }, (_, n) => `bench:S${n}/USD`);
  await resetStage(bed, admin, stage, groupId(stage));
  if (stage === 'sink') await reader.query('TRUNCATE TABLE ticks');
  else await seedStates(postgres, topicName('ticks'), keys, state, config.partitions);
  const cost = await groupRun({
    admin,
    groupId: groupId(stage),
    topic: topicName('ticks'),
    warmUp: WARM_UP / (WARM_UP + MEASURED),
    ticksPerRecord: 1,
    start: () =>
      startOurs(bed, stage, {
        env: { TICKLOOM_TOPIC_PREFIX: prefix },
        profile: values.profile,
      }),
  });
  if (stage === 'sink') {
    await reader.waitApplied(['ticks']);
    const [row] = await reader.query<{ n: number }>('SELECT count() AS n FROM ticks');
    assert(row?.n === ticks, `${row?.n} rows of ${ticks} ticks`);
  } else {
    const records = await countRecords(bed, `${prefix}features`, 'feature_id');
    assert(records >= instruments, `${records} feature records of ${instruments} instruments`);
  }
  return cost;
}

async function checkpoints(bed: Bed, state: InstrumentState): Promise<void> {
  const instruments = COUNTS.at(-1) ?? 0;
  const costs: CheckpointCost[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    costs.push(await checkpointCost(bed, instruments, state));
  }
  const of = (name: keyof CheckpointCost, factor = 1): number[] =>
    costs.map((cost) => factor * cost[name]);
  const { partitions } = bed.config;
  console.log(
    `checkpoints of ${instruments} instruments, all changed: ${spread(of('ms'), 0)} ms in each of ` +
      `${partitions} partitions, ${spread(of('share', 100))} % of a core, and ` +
      `${spread(of('postgresShare', 100))} % in PostgreSQL`,
  );
  const [all, beside] = [median(of('bytes')), median(of('bytesBesideHeld'))];
  console.log(
    `state of an instrument: ${all.toFixed(0)} bytes, ${beside.toFixed(0)} beside held ticks`,
  );
  verdict('state of an instrument', beside / 1_000, { atMost: 3, unit: ' KB' });
  verdict('checkpoints, of a core', median(of('share', 100)), { atMost: 5, unit: ' %' });
  const both = costs.map(({ share, postgresShare }) => 100 * (share + postgresShare));
  verdict('checkpoints, PostgreSQL too', median(both), { atMost: 5, unit: ' %' });
}

await main();
process.exit();
