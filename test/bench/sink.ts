/**
 * Ticks of a topic into QuestDB until every row can be read: our sink process beside the plain one,
 * in turns on the same topic of single records, and once more on frames of 50.
 *
 *   node --import tsx test/bench/sink.ts [--ticks 400000] [--rounds 3]
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { recordFile } from '../../infra/local/data-dir.ts';
import { readRecord } from '../../infra/local/process-record.ts';
import { Partitioners } from '../../src/adapters/kafkajs.ts';
import { assert, must } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { Bed } from '../faults/bed.ts';
import { benchTicks, type BenchTick } from './bench-ticks.ts';
import { median } from './measure.ts';
import { cpuSeconds } from './process-cpu.ts';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '400000' },
    rounds: { type: 'string', default: '3' },
    instruments: { type: 'string', default: '16' },
  },
});
const TICKS = Number(values.ticks);
const FRAME = 50;
/** Of one request, well below what the broker takes for one partition. */
const SEND_BYTES = 600_000;
const WARM_UP_SHARE = 0.3;
const PLAIN = new URL('./peers/plain-sink.mjs', import.meta.url).pathname;

/** CPU microseconds a row, of the process and of QuestDB, and rows a second until all are seen. */
interface Cost {
  readonly process: number;
  readonly questdb: number;
  readonly rate: number;
}

async function main(): Promise<void> {
  const settings = { count: TICKS, instruments: Number(values.instruments), stepUs: 100 };
  const ticks = benchTicks(settings);
  const [single, framed] = [
    await costs('single records', ticks.map(recordOf)),
    await costs(`frames of ${FRAME}`, framesOf(ticks)),
  ];
  verdict('process, ours / plain', single.ours.process / must(single.plain).process, 1 / 3);
  verdict('process, frames / single records', framed.ours.process / single.ours.process, 1 / 4);
}

function verdict(what: string, ratio: number, goal: number): void {
  const said = ratio <= goal ? 'met' : 'MISSED';
  console.log(`${what}: ${ratio.toFixed(2)}, goal at most ${goal.toFixed(2)} ${said}`);
}

async function costs(
  what: string,
  records: readonly OutRecord[],
): Promise<{ ours: Cost; plain: Cost | null }> {
  const bed = await Bed.open({ TICKLOOM_LOG_LEVEL: 'error', TICKLOOM_SESSION_TIMEOUT_MS: '6000' });
  try {
    await produce(bed, records);
    const isPlain = what.startsWith('single');
    const samples: { ours: Cost[]; plain: Cost[] } = { ours: [], plain: [] };
    for (let round = -1; round < Number(values.rounds); round++) {
      const ours = await measured(bed, 'ticks', () => startOurs(bed));
      say(what, 'ours', ours);
      if (round >= 0) samples.ours.push(ours);
      if (!isPlain) continue;
      const plain = await measured(bed, 'ticks_plain', () => startPlain(bed, round));
      say(what, 'plain', plain);
      if (round >= 0) samples.plain.push(plain);
    }
    return { ours: middle(samples.ours), plain: isPlain ? middle(samples.plain) : null };
  } finally {
    await bed.close();
  }
}

const middle = (costs_: readonly Cost[]): Cost => ({
  process: median(costs_.map((c) => c.process)),
  questdb: median(costs_.map((c) => c.questdb)),
  rate: median(costs_.map((c) => c.rate)),
});

function say(what: string, who: string, { process: own, questdb, rate }: Cost): void {
  const cost = `${own.toFixed(2)} us/row + QuestDB ${questdb.toFixed(2)} us/row`;
  console.log(`${what}, ${who.padEnd(5)} ${cost}, ${rate.toFixed(0)} rows/s`);
}

interface Started {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function measured(bed: Bed, table: string, start: () => Promise<Started>): Promise<Cost> {
  const reader = bed.context.questdbReader();
  await reader.query(`DROP TABLE IF EXISTS ticks_plain`);
  await reader.query(
    `CREATE TABLE ticks_plain (ts TIMESTAMP, venue SYMBOL, symbol SYMBOL, side SYMBOL, id VARCHAR,
     price DOUBLE, size DOUBLE) TIMESTAMP(ts) PARTITION BY DAY WAL
     DEDUP UPSERT KEYS(ts, venue, symbol, id)`,
  );
  await reader.query('TRUNCATE TABLE ticks');
  await bed.context.postgres.query(`DELETE FROM checkpoints WHERE stage = 'sink'`);
  await bed.context.postgres.query(`DELETE FROM operator_state WHERE stage = 'sink'`);
  const questdb = must(readRecord(recordFile(bed.config.dataDir, 'questdb'))).pid;
  const { pid, stop } = await start();
  const seen = async (atLeast: number): Promise<number> => {
    for (;;) {
      const [row] = await reader.query<{ n: number }>(`SELECT count() AS n FROM ${table}`);
      const n = row?.n ?? 0;
      assert(n <= TICKS, `${table} has no more rows than there are ticks`);
      if (n >= atLeast) return n;
      await sleep(50);
    }
  };
  // The first part is for the compilers of both.
  const first = await seen(TICKS * WARM_UP_SHARE);
  const startMs = performance.now();
  const before = { own: cpuSeconds(pid), questdb: cpuSeconds(questdb) };
  const rows = (await seen(TICKS)) - first;
  const seconds = (performance.now() - startMs) / 1_000;
  const perRow = (from: number, to: number): number => ((to - from) * 1e6) / rows;
  const own = perRow(before.own, cpuSeconds(pid));
  const cost = perRow(before.questdb, cpuSeconds(questdb));
  await stop();
  return { process: own, questdb: cost, rate: rows / seconds };
}

async function startOurs(bed: Bed): Promise<Started> {
  await bed.keep('sink');
  return { pid: must(bed.child('sink').pid), stop: () => bed.drop('sink') };
}

async function startPlain(bed: Bed, round: number): Promise<Started> {
  const { kafkaBrokers, questdbUrl } = bed.config;
  const address = new URL(questdbUrl).host;
  const topic = bed.context.topicOf('ticks');
  const args = [PLAIN, kafkaBrokers.join(','), address, topic, 'ticks_plain', `plain-${round}`];
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TICKLOOM_DATA_DIR: bed.config.dataDir },
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the plain sink ended with ${code}`)));
  });
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: must(child.pid), stop };
}

/** Uncompressed: the plain sink's client reads nothing else but gzip. */
async function produce({ context }: Bed, records: readonly OutRecord[]): Promise<void> {
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = context.kafka.producer({ createPartitioner });
  await producer.connect();
  const perSend = Math.ceil(SEND_BYTES / (records[0]?.value?.length ?? 1));
  for (let at = 0; at < records.length; at += perSend) {
    const messages = records.slice(at, at + perSend).map(({ key, value, timestampMs }) => ({
      key,
      value,
      timestamp: String(timestampMs),
    }));
    await producer.send({ topic: context.topicOf('ticks'), messages });
  }
  await producer.disconnect();
}

const recordOf = ({ key, value, ts }: BenchTick): OutRecord => ({
  topic: 'ticks',
  key,
  value,
  timestampMs: Math.floor(ts / 1_000),
});

function framesOf(ticks: readonly BenchTick[]): OutRecord[] {
  const open = new Map<string, BenchTick[]>();
  const records: OutRecord[] = [];
  const end = (key: string): void => {
    const some = open.get(key) ?? [];
    open.delete(key);
    const last = some.at(-1);
    if (last === undefined) return;
    records.push({ ...recordOf(last), value: `[${some.map(({ value }) => value).join(',')}]` });
  };
  for (const tick of ticks) {
    const some = open.get(tick.key) ?? [];
    open.set(tick.key, some);
    some.push(tick);
    if (some.length === FRAME) end(tick.key);
  }
  for (const key of open.keys()) end(key);
  return records;
}

await main();
process.exit();
