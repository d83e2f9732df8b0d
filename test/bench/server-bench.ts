/**
 * What the benches on real servers share: processes that are started, records that are produced,
 * how far a consumer group has come, and how numbers are said.
 *
 * Our processes see the servers directly and end by SIGTERM, so that their groups are empty at once
 * and the next round begins from nothing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Admin } from 'kafkajs';
import { sendDueControls } from '../../pipelines/control/outbox.ts';
import { recordFile } from '../../infra/local/data-dir.ts';
import { readRecord } from '../../infra/local/process-record.ts';
import { committedOffsets, endOffsets } from '../../src/kafka/kafka.ts';
import { Partitioners } from '../../src/kafka/kafkajs.ts';
import { must } from '../../src/assert.ts';
import { nowMs, sleep } from '../../src/clock.ts';
import { childEnv } from '../../src/config/config.ts';
import { compiledArgs } from '../support/compiled.ts';
import type { ProcessName } from '../../src/app/run.ts';
import type { OutRecord } from '../../src/stream/stage.ts';
import { dueControls } from '../../src/postgres/tables/outbox.ts';
import { Bed } from '../faults/bed.ts';
import type { BenchTick } from './bench-ticks.ts';
import { median } from './measure.ts';

/** Of one request, well below what the broker takes for one partition. */
const SEND_BYTES = 600_000;
const PROJECT = join(import.meta.dirname, '..', '..');
const GROUP_GONE_MS = 30_000;

/** Runs `work` on servers of its own. */
export async function onServers<T>(
  work: (bed: Bed) => Promise<T>,
  settings: Record<string, string> = {},
): Promise<T> {
  const own = { TICKLOOM_LOG_LEVEL: 'error', TICKLOOM_SESSION_TIMEOUT_MS: '6000', ...settings };
  const bed = await Bed.open(own);
  try {
    return await work(bed);
  } finally {
    await bed.close();
  }
}

export interface Started {
  readonly pid: number;
  /** Of itself, or because it was stopped. */
  readonly hasEnded: () => boolean;
  readonly stop: () => Promise<void>;
}

export interface OursOptions {
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its CPU profile goes when it ends; empty: none. A profile costs, too. */
  readonly profile?: string;
}

/** One of our processes, once it works. */
export function startOurs(
  bed: Bed,
  name: ProcessName,
  { env = {}, profile = '' }: OursOptions = {},
): Promise<Started> {
  const profiling = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const args = [...profiling, ...compiledArgs(name)];
  return started(name, args, { ...childEnv(bed.config), ...env }, 'SIGTERM');
}

/** A program that tells by `process.send` when it works; it is told where the brokers are. */
export function startPeer(bed: Bed, script: string, args: readonly string[]): Promise<Started> {
  const nodeArgs = ['--max-semi-space-size=32', '--import', 'tsx', script];
  const all = [...nodeArgs, bed.config.kafkaBrokers.join(','), ...args];
  return started(script, all, childEnv(bed.config), 'SIGKILL');
}

async function started(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
  ending: NodeJS.Signals,
): Promise<Started> {
  const child = spawn(process.execPath, args, {
    cwd: PROJECT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env,
  });
  const failed = (code: number | null): Error => new Error(`${name} ended with ${code}`);
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(failed(code)));
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return { pid: must(child.pid), hasEnded, stop: () => ended(child, ending) };
}

export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exit;
}

export const questdbPid = (bed: Bed): number =>
  must(readRecord(recordFile(bed.config.dataDir, 'questdb'))).pid;

/** Uncompressed: the client that the peers have reads nothing else but gzip. */
export async function produce(
  { context }: Bed,
  records: readonly OutRecord[],
  topic = 'ticks',
): Promise<void> {
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
    await producer.send({ topic: context.topicName(topic), messages });
  }
  await producer.disconnect();
}

export const toRecord = ({ key, value, ts }: BenchTick): OutRecord => ({
  topic: 'ticks',
  key,
  value,
  timestampMs: Math.floor(ts / 1_000),
});

/** The same ticks, so many of an instrument in one record. */
export function toFrames(ticks: readonly BenchTick[], perFrame: number): OutRecord[] {
  const open = new Map<string, BenchTick[]>();
  const records: OutRecord[] = [];
  const end = (key: string): void => {
    const some = open.get(key) ?? [];
    open.delete(key);
    const last = some.at(-1);
    if (last === undefined) return;
    records.push({ ...toRecord(last), value: `[${some.map(({ value }) => value).join(',')}]` });
  };
  for (const tick of ticks) {
    const some = open.get(tick.key) ?? [];
    open.set(tick.key, some);
    some.push(tick);
    if (some.length === perFrame) end(tick.key);
  }
  for (const key of open.keys()) end(key);
  return records;
}

/** What `npm start` puts into the log before any tick: the paper bot and its settings. */
export async function sendControls(
  { context }: Bed,
  topicName: (name: string) => string = context.topicName,
): Promise<void> {
  const { postgres, config } = context;
  await sendDueControls({
    due: () => dueControls(postgres),
    // They stay due: the next installation of the same servers begins with them too.
    markSent: () => Promise.resolve(),
    log: context.outLog(),
    key: context.controlKey,
    partitionCount: () => config.partitions,
    topicName,
    nowMs,
  });
}

/** The stage begins again at the beginning of its topics, knowing nothing. */
export async function resetStage(
  { context }: Bed,
  admin: Admin,
  stage: string,
  groupId: string = context.groupId(stage),
): Promise<void> {
  await context.postgres.query('DELETE FROM checkpoints WHERE stage = $1', [stage]);
  await context.postgres.query('DELETE FROM operator_state WHERE stage = $1', [stage]);
  const { groups } = await admin.listGroups();
  if (!groups.some((group) => group.groupId === groupId)) return;
  const deadline = performance.now() + GROUP_GONE_MS;
  for (;;) {
    try {
      await admin.deleteGroups([groupId]);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

/** How many records a group has behind it, and how many there are. */
export async function readProgress(
  admin: Admin,
  groupId: string,
  topic: string,
): Promise<{ done: number; all: number }> {
  const [committed, ends] = [
    await committedOffsets(admin, groupId, topic),
    await endOffsets(admin, topic),
  ];
  const sum = (offsets: ReadonlyMap<number, number>): number =>
    [...offsets.values()].reduce((all, offset) => all + offset, 0);
  return { done: sum(committed), all: sum(ends) };
}

/** The median, with the lowest and the highest of the rounds. */
export function spread(values: readonly number[], digits = 2): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const text = [median(values), low, high].map((value) => value.toFixed(digits));
  return `${text[0]} (${text[1]} to ${text[2]})`;
}

/** Says whether a number keeps its goal; `unit` stands behind both. */
export function verdict(
  what: string,
  value: number,
  goal: { readonly atMost?: number; readonly atLeast?: number; readonly unit?: string },
): void {
  const { atMost, atLeast, unit = '' } = goal;
  const isMet = value <= (atMost ?? Infinity) && value >= (atLeast ?? -Infinity);
  const limit = Number((atMost ?? atLeast ?? NaN).toFixed(2));
  const bound = `${atMost === undefined ? 'at least' : 'at most'} ${limit}`;
  const shown = Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toFixed(2);
  console.log(`${what}: ${shown}${unit}, goal ${bound}${unit} ${isMet ? 'met' : 'MISSED'}`);
}
