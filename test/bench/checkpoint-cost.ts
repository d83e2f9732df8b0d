/**
 * What the stream's checkpoints cost: the stage itself on a real PostgreSQL, every instrument
 * changed since the last one, nothing else at work in this process. The next checkpoint of a
 * partition comes after max(5 s, 20 x what the last one took x the number of partitions), so cost
 * over interval is the share of a core.
 */
import { execFileSync } from 'node:child_process';
import { streamStage } from '../../pipelines/stream/stream-task.ts';
import type { InstrumentState } from '../../pipelines/stream/stream.ts';
import { recordFile } from '../../infra/local/data-dir.ts';
import { readRecord } from '../../infra/local/process-record.ts';
import { must } from '../../src/assert.ts';
import { FailPoints } from '../../src/stream/fail-point.ts';
import type { LogRecord, PartitionTask } from '../../src/stream/stage.ts';
import { decodeState } from '../../src/stream/state-codec.ts';
import { PostgresCheckpoints } from '../../src/postgres/tables/checkpoints.ts';
import type { Bed } from '../faults/bed.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import { FROM_TS } from './bench-ticks.ts';
import { cpuSeconds } from './process-cpu.ts';
import { bytesBesideHeld, partitioner, seedStates } from './warm-state.ts';

const INTERVAL_S_MIN = 5;
const COST_FACTOR = 20;
const TOPIC = 'bench-checkpoints';

export interface CheckpointCost {
  /** Share of a core, of this process and of PostgreSQL. */
  readonly share: number;
  readonly postgresShare: number;
  /** Milliseconds of one partition's checkpoint. */
  readonly ms: number;
  readonly bytes: number;
  /** Without the ticks that are held, and remembered to tell repeats. */
  readonly bytesBesideHeld: number;
}

/** With this many instruments, each in the given state before it sees its next ticks. */
export async function checkpointCost(
  bed: Bed,
  instruments: number,
  state: InstrumentState,
): Promise<CheckpointCost> {
  const { config, postgres } = bed.context;
  const { partitions } = config;
  const keys = Array.from({ length: instruments }, (_, n) => `bench:S${n}/USD`);
  await postgres.query(`DELETE FROM operator_state WHERE stage = 'stream'`);
  await postgres.query(`DELETE FROM checkpoints WHERE stage = 'stream'`);
  await seedStates(postgres, TOPIC, keys, state, partitions);
  const findPartition = partitioner(TOPIC, partitions);
  const postmaster = must(readRecord(recordFile(config.dataDir, 'postgres'))).pid;
  let [share, postgresShare, ms] = [0, 0, 0];
  for (let partition = 0; partition < partitions; partition++) {
    const task = await makeStage(bed).open(TOPIC, partition);
    const own = keys.filter((key) => findPartition(key) === partition);
    const records = [0, 1].map((pass) =>
      own.map((key, i) => makeRecord(key, partition, pass * own.length + i, pass)),
    );
    // The first one of a partition is for the compilers.
    await changed(task, records[0] ?? []);
    await changed(task, records[1] ?? [], (took) => {
      const intervalS = Math.max(INTERVAL_S_MIN, COST_FACTOR * partitions * took.wallS);
      share += took.ownS / intervalS;
      postgresShare += took.postgresS / intervalS;
      ms = Math.max(ms, took.wallS * 1_000);
    });
  }
  return { share, postgresShare, ms, ...(await measureBytes(bed)) };

  interface Took {
    readonly wallS: number;
    readonly ownS: number;
    readonly postgresS: number;
  }

  async function changed(
    task: PartitionTask,
    some: readonly LogRecord[],
    tell?: (took: Took) => void,
  ): Promise<void> {
    await task.process(some, () => Promise.resolve());
    const before = { own: process.cpuUsage(), postgres: postgresCpuS(postmaster) };
    const startMs = performance.now();
    await task.checkpoint?.();
    const wallS = (performance.now() - startMs) / 1_000;
    const { user, system } = process.cpuUsage(before.own);
    const postgresS = postgresCpuS(postmaster) - before.postgres;
    tell?.({ wallS, ownS: (user + system) / 1e6, postgresS });
  }
}

/** One trade of the instrument, a second later at every pass. */
function makeRecord(key: string, partition: number, offset: number, pass: number): LogRecord {
  const ts = FROM_TS + pass * US_PER_S;
  const { venue, symbol } = must(parseInstrumentKey(key));
  const trade = { kind: 'trade', venue, symbol, id: String(ts), ts, price: 60_500, size: 0.5 };
  const value = Buffer.from(JSON.stringify(trade));
  return { topic: TOPIC, partition, offset, timestampUs: ts, key, value };
}

function makeStage({ context }: Bed) {
  const { config, postgres } = context;
  return streamStage({
    latenessUs: config.latenessUs,
    settings: { horizonUs: config.horizonUs, labelSpec: `direction_${config.horizon}@1` },
    log: { append: () => Promise.resolve() },
    checkpoints: new PostgresCheckpoints(postgres, 'stream', 'bench'),
    models: { load: () => Promise.reject(new Error('no model is in force')) },
    verifyControl: () => 'ours',
    clockSeen: () => undefined,
    topicName: (name) => name,
    failPoints: new FailPoints(null),
    count: () => () => undefined,
  });
}

async function measureBytes({ context }: Bed): Promise<{ bytes: number; bytesBesideHeld: number }> {
  const { rows } = await context.postgres.query<{ state: Buffer }>(
    `SELECT state FROM operator_state WHERE stage = 'stream' AND topic = $1`,
    [TOPIC],
  );
  let [all, beside] = [0, 0];
  for (const { state } of rows) {
    all += state.length;
    beside += bytesBesideHeld(decodeState<InstrumentState>(state));
  }
  return { bytes: all / rows.length, bytesBesideHeld: beside / rows.length };
}

/** Of all of its processes. */
function postgresCpuS(postmaster: number): number {
  const children = execFileSync('ps', ['--ppid', String(postmaster), '-o', 'pid='], {
    encoding: 'utf8',
  });
  const pids = [postmaster, ...children.trim().split(/\s+/).map(Number)];
  return pids.reduce((sum, pid) => {
    try {
      return sum + cpuSeconds(pid);
    } catch {
      // A worker that has ended since.
      return sum;
    }
  }, 0);
}
