/**
 * Ticks of a topic into QuestDB until every row can be read: our sink process beside the plain one,
 * in turns on the same topic of single records, and once more on frames of 50.
 *
 *   node --import tsx test/bench/sink.ts [--ticks 400000] [--rounds 3]
 */
import { parseArgs } from 'node:util';
import { withAdmin } from '../../src/kafka/kafka.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import type { Bed } from '../faults/bed.ts';
import { benchTicks } from './bench-ticks.ts';
import {
  toFrames,
  onServers,
  produce,
  toRecord,
  resetStage,
  startOurs,
  startPeer,
  verdict,
} from './server-bench.ts';
import { expectedRows, middle, sayCost, sinkRun, type Cost, type Expected } from './sink-run.ts';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '400000' },
    rounds: { type: 'string', default: '3' },
    instruments: { type: 'string', default: '16' },
  },
});
const FRAME = 50;
const WARM_UP = 0.3;
const PLAIN = new URL('./peers/plain-sink.mjs', import.meta.url).pathname;
const PLAIN_TABLE = `CREATE TABLE ticks_plain (ts TIMESTAMP, venue SYMBOL, symbol SYMBOL,
  side SYMBOL, id VARCHAR, price DOUBLE, size DOUBLE) TIMESTAMP(ts) PARTITION BY DAY WAL
  DEDUP UPSERT KEYS(ts, venue, symbol, id)`;

async function main(): Promise<void> {
  const count = Number(values.ticks);
  const ticks = benchTicks({ count, instruments: Number(values.instruments), stepUs: 100 });
  const expected = expectedRows(ticks);
  const single = await costs('single records', ticks.map(toRecord), expected, true);
  const framed = await costs(`frames of ${FRAME}`, toFrames(ticks, FRAME), expected, false);
  verdict('process, ours / plain', single.ours.process / single.plain.process, { atMost: 1 / 3 });
  const frameRatio = framed.ours.process / single.ours.process;
  verdict('process, frames / single records', frameRatio, { atMost: 1 / 4 });
}

function costs(
  what: string,
  records: readonly OutRecord[],
  expected: Expected,
  withPlain: boolean,
): Promise<{ ours: Cost; plain: Cost }> {
  return onServers(async (bed) => {
    await produce(bed, records);
    await bed.context.questdbReader().query(PLAIN_TABLE);
    const samples: { ours: Cost[]; plain: Cost[] } = { ours: [], plain: [] };
    const run = async (who: 'ours' | 'plain', round: number): Promise<void> => {
      const table = who === 'ours' ? 'ticks' : 'ticks_plain';
      const start = () => (who === 'ours' ? startSink(bed) : startPlain(bed, round));
      const cost = await sinkRun(bed, { table, expected, warmUp: WARM_UP, start });
      sayCost(`${what}, ${who.padEnd(5)}`, cost);
      if (round >= 0) samples[who].push(cost);
    };
    for (let round = -1; round < Number(values.rounds); round++) {
      await run('ours', round);
      if (withPlain) await run('plain', round);
    }
    return { ours: middle(samples.ours), plain: middle(samples.plain) };
  });
}

async function startSink(bed: Bed) {
  await withAdmin(bed.context.kafka, (admin) => resetStage(bed, admin, 'sink'));
  return startOurs(bed, 'sink');
}

function startPlain(bed: Bed, round: number) {
  const { host } = new URL(bed.config.questdbUrl);
  const topic = bed.context.topicName('ticks');
  return startPeer(bed, PLAIN, [host, topic, 'ticks_plain', `plain-${round}`]);
}

await main();
process.exit();
