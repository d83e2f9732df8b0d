/**
 * A stored day of one instrument into features again, as the replay parity of every training does
 * it: its ticks out of QuestDB, through the operators, to every feature vector of the day.
 *
 *   node --import tsx test/bench/replay-day.ts [--ticks 1000000] [--rounds 3]
 *
 * The day is stored by the sink. Equal, bit for bit, to the vectors of the same ticks straight from
 * memory, before a number is printed.
 */
import { parseArgs } from 'node:util';
import { recomputeFeatures, type FeatureVector } from '../../pipelines/quality/replay.ts';
import { assert, must } from '../../src/assert.ts';
import { storedMarketTicks } from '../../pipelines/quality/stored-market-ticks.ts';
import { toMarketTick } from '../../src/domain/tick.ts';
import { US_PER_DAY } from '../../src/domain/time.ts';
import type { Tick } from '../../src/domain/wire.ts';
import type { Bed } from '../faults/bed.ts';
import { benchTicks, type BenchTick } from './bench-ticks.ts';
import { median } from './measure.ts';
import { cpuSeconds } from './process-cpu.ts';
import {
  toFrames,
  onServers,
  produce,
  questdbPid,
  spread,
  startOurs,
  verdict,
} from './server-bench.ts';
import { expectedRows, sinkRun } from './sink-run.ts';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
  },
});
const COUNT = Number(values.ticks);
const INSTRUMENT = { venue: 'bench', symbol: 'S0/USD' };

interface Replay {
  readonly readS: number;
  readonly computeS: number;
  /** CPU of this process and of QuestDB. */
  readonly ownS: number;
  readonly questdbS: number;
}

async function main(): Promise<void> {
  const ticks = benchTicks({ count: COUNT, instruments: 1, stepUs: Math.ceil(86_400e6 / COUNT) });
  const [first, last] = [must(ticks[0]).ts, must(ticks.at(-1)).ts];
  const range = { fromUs: first, toUs: first + US_PER_DAY, asOfUs: first + 2 * US_PER_DAY };
  const replays = await onServers(async (bed) => {
    await produce(bed, toFrames(ticks, 50));
    const start = () => startOurs(bed, 'sink');
    await sinkRun(bed, { table: 'ticks', expected: expectedRows(ticks), warmUp: 0.3, start });
    const straight = recomputeFeatures(INSTRUMENT, ticks.map(marketTick), last).vectors;
    const found: Replay[] = [];
    for (let round = -1; round < Number(values.rounds); round++) {
      const replay = await replayed(bed, range, last, straight);
      if (round >= 0) found.push(replay);
    }
    console.log(`${COUNT} ticks, ${straight.length} feature vectors, equal bit for bit`);
    return found;
  });
  const rates = replays.map(({ readS, computeS }) => COUNT / (readS + computeS));
  const us = (of: (replay: Replay) => number): string =>
    `${spread(replays.map((replay) => (of(replay) * 1e6) / COUNT))} us/tick`;
  console.log(`out of QuestDB ${us((r) => r.readS)}, into features ${us((r) => r.computeS)}`);
  console.log(`CPU: ours ${us((r) => r.ownS)}, QuestDB ${us((r) => r.questdbS)}`);
  console.log(`${spread(rates, 0)} ticks/s`);
  verdict('replay of a stored day', median(rates), { atLeast: 200_000, unit: ' ticks/s' });
}

const marketTick = ({ value }: BenchTick) => toMarketTick(JSON.parse(value) as Tick);

async function replayed(
  bed: Bed,
  range: Parameters<typeof storedMarketTicks>[2],
  watermarkUs: number,
  straight: readonly FeatureVector[],
): Promise<Replay> {
  const pids = { own: process.pid, questdb: questdbPid(bed) };
  const cpu = () => [cpuSeconds(pids.own), cpuSeconds(pids.questdb)] as const;
  const before = cpu();
  const startMs = performance.now();
  const ticks = await storedMarketTicks(bed.context.questdbReader(), INSTRUMENT, range);
  const readMs = performance.now();
  const { vectors } = recomputeFeatures(INSTRUMENT, ticks, watermarkUs);
  const endMs = performance.now();
  const after = cpu();
  checkEqual(vectors, straight);
  return {
    readS: (readMs - startMs) / 1_000,
    computeS: (endMs - readMs) / 1_000,
    ownS: after[0] - before[0],
    questdbS: after[1] - before[1],
  };
}

function checkEqual(vectors: readonly FeatureVector[], straight: readonly FeatureVector[]): void {
  assert(vectors.length === straight.length && vectors.length > 0, 'as many vectors');
  for (const [i, { ts, values: row }] of vectors.entries()) {
    const other = must(straight[i]);
    const isEqual = ts === other.ts && row.every((value, n) => Object.is(value, other.values[n]));
    assert(isEqual, `the vectors at ${ts} are equal`);
  }
}

await main();
process.exit();
