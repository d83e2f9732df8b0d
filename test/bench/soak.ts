/**
 * Hours in minutes: all stages under a steady flow in real time, and whether memory stays flat, the
 * lag is gone at the end, and as many ticks lie in the table as were sent.
 *
 *   node --import tsx test/bench/soak.ts [--minutes 20] [--per-s 20000] [--instruments 16]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SERVER_NAMES, recordFile } from '../../infra/local/data-dir.ts';
import { readRecord } from '../../infra/local/process-record.ts';
import { KafkaOutLog } from '../../src/kafka/kafka.ts';
import { must } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import { drained } from '../../src/runtime/drained.ts';
import type { Bed } from '../faults/bed.ts';
import { STAGES } from '../faults/bed.ts';
import { benchTicks, FROM_TS } from './bench-ticks.ts';
import { median } from './measure.ts';
import { cpuSeconds } from './process-cpu.ts';
import { toFrames, onServers } from './server-bench.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    'per-s': { type: 'string', default: '20000' },
    instruments: { type: 'string', default: '16' },
    frame: { type: 'string', default: '50' },
  },
});
const SECONDS = Number(values.minutes) * 60;
const PER_S = Number(values['per-s']);
const LOOK_S = 30;
const DRAIN_MS = 120_000;
/** Heaps breathe: more than this between the second and the last quarter is growth. */
const FLAT = 1.15;
const FLAT_MB = 40;

interface Look {
  readonly second: number;
  readonly lag: number;
  /** Of their own, in MB, by process. */
  readonly held: ReadonlyMap<string, number>;
}

/**
 * What a process holds for itself. QuestDB also maps the files of its tables, as many of them as
 * there is room for: that grows with the tables and is given back at once.
 */
const heldMb = (pid: number): number =>
  Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;

function listPids(bed: Bed): Map<string, number> {
  const pids = new Map<string, number>();
  for (const stage of STAGES) pids.set(stage, must(bed.child(stage).pid));
  for (const server of SERVER_NAMES) {
    pids.set(server, must(readRecord(recordFile(bed.config.dataDir, server))).pid);
  }
  return pids;
}

async function look(bed: Bed, second: number): Promise<Look> {
  const lags = await bed.context.flowProbe().lags();
  const lag = lags.reduce((sum, of) => sum + of.lag, 0);
  const held = new Map([...listPids(bed)].map(([name, pid]) => [name, heldMb(pid)]));
  const cells = [...held].map(([name, mb]) => `${name} ${mb.toFixed(0)}`);
  console.log(`${String(second).padStart(5)} s  lag ${lag} records  MB: ${cells.join('  ')}`);
  return { second, lag, held };
}

/** One second's ticks, as a feed of high rate sends them. */
function makeRecords(second: number) {
  const fromTs = FROM_TS + second * 1_000_000;
  const instruments = Number(values.instruments);
  const ticks = benchTicks({ count: PER_S, instruments, stepUs: 1_000_000 / PER_S, fromTs });
  return toFrames(ticks, Number(values.frame));
}

async function feed(bed: Bed): Promise<Look[]> {
  const log = new KafkaOutLog(bed.context.kafka);
  const topic = bed.context.topicName('ticks');
  const looks: Look[] = [];
  const startMs = performance.now();
  let worstLateMs = 0;
  for (let second = 0; second < SECONDS; second++) {
    const lateMs = performance.now() - startMs - second * 1_000;
    worstLateMs = Math.max(worstLateMs, lateMs);
    if (lateMs < 0) await sleep(-lateMs);
    await log.append(makeRecords(second).map((record) => ({ ...record, topic })));
    if (second > 0 && second % LOOK_S === 0) looks.push(await look(bed, second));
  }
  await log.close();
  console.log(`sent ${PER_S * SECONDS} ticks, at most ${(worstLateMs / 1_000).toFixed(1)} s late`);
  return looks;
}

const verdicts: boolean[] = [];

function verdict(what: string, isMet: boolean): void {
  verdicts.push(isMet);
  console.log(`${what}: ${isMet ? 'met' : 'MISSED'}`);
}

async function soak(bed: Bed): Promise<void> {
  for (const stage of STAGES) await bed.keep(stage);
  const before = new Map([...listPids(bed)].map(([name, pid]) => [name, cpuSeconds(pid)]));
  const looks = await feed(bed);
  const open = await drained(bed.context, DRAIN_MS);
  const last = await look(bed, SECONDS);
  for (const [name, pid] of listPids(bed)) {
    const us = ((cpuSeconds(pid) - (before.get(name) ?? 0)) * 1e6) / (PER_S * SECONDS);
    console.log(`${name.padEnd(9)} ${us.toFixed(2)} us of CPU a tick`);
  }
  const quarter = Math.floor(looks.length / 4);
  for (const name of last.held.keys()) {
    const of = (some: readonly Look[]): number =>
      median(some.map(({ held }) => held.get(name) ?? 0));
    const [early, late] = [of(looks.slice(quarter, 2 * quarter)), of(looks.slice(-quarter))];
    const isFlat = late <= Math.max(early * FLAT, early + FLAT_MB);
    verdict(`memory of ${name}, ${early.toFixed(0)} -> ${late.toFixed(0)} MB, flat`, isFlat);
  }
  for (const line of open.slice(0, 5)) console.log(`  open: ${line}`);
  verdict(`lag at the end ${last.lag}`, open.length === 0 && last.lag === 0);
  const [row] = await bed.context
    .questdbReader()
    .query<{ n: number }>(`SELECT count() AS n FROM ticks`);
  verdict(`${row?.n} rows for ${PER_S * SECONDS} ticks, equal`, row?.n === PER_S * SECONDS);
}

await onServers(soak);
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
setTimeout(() => process.exit(), 5_000).unref();
