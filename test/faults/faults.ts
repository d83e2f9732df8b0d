/**
 * The faults: each does harm to a running bed, says what it hit, and throws when it hit nothing.
 * All of them leave the bed able to go on by itself.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerName } from '../../infra/local/data-dir.ts';
import { openRedis } from '../../src/queue/redis.ts';
import { assert } from '../../src/assert.ts';
import { nowUs, sleep } from '../../src/clock.ts';
import { buildDataset } from '../../pipelines/dataset/build.ts';
import { parseUs } from '../../src/domain/time.ts';
import { suspendTable } from '../support/suspended.ts';
import { STAGES, type Bed, type StageName } from './bed.ts';
import { untilHit, UNTIL_MS, type Fault } from './fault.ts';
import {
  installationClock,
  poisonRecords,
  producerClock,
  restorePostgres,
  swapTopic,
} from './record-faults.ts';
import { SmallDisk } from './small-disk.ts';

const SHIFTED_CLOCK = new URL('./shifted-clock.mjs', import.meta.url).href;
/** Longer than the session timeout of the proofs, 6 s. */
const FREEZE_MS = 10_000;
/** Longer than a BullMQ lock, 30 s. */
const STALL_MS = 33_000;
/** What a fail point lets pass at least: it has to fall between effect and commit. */
const UNCOMMITTED = 1_000;

const kill = (stage: StageName): Fault => ({
  name: `kill -9 ${stage}`,
  strike: async (bed) => {
    const lag = await heldBusy(bed, stage);
    const before = await readEpoch(bed, stage);
    bed.child(stage).kill('SIGKILL');
    await sleep(500);
    await bed.ready(stage);
    return `${lag} records in flight, ${await epochMoved(bed, stage, before)}`;
  },
});

const failPoint = (stage: 'stream' | 'sink', point: string): Fault => ({
  name: `kill -9 ${stage} between effect and commit`,
  burst: true,
  strike: async (bed) => {
    const before = await readEpoch(bed, stage);
    await bed.drop(stage);
    const env = { TICKLOOM_FAIL_AT: `${point}:${UNCOMMITTED}` };
    const heard = bed.output(stage).length;
    const kept = bed.keep(stage, env);
    const logged = await untilHit(`${point} is reached`, () => {
      const found = /fail point \S+ (\d+) records passed/.exec(bed.output(stage).slice(heard));
      return Promise.resolve(found?.[1]);
    });
    await kept;
    await bed.ready(stage);
    return `${logged} uncommitted records, ${await epochMoved(bed, stage, before)}`;
  },
});

/** SIGSTOP past the session timeout with a successor running, then SIGCONT. */
const freeze = (stage: 'stream' | 'sink'): Fault => ({
  name: `SIGSTOP ${stage} past its session, successor running, SIGCONT`,
  strike: async (bed) => {
    const successor = `${stage}-2`;
    await bed.keep(stage, {}, successor);
    await untilBusy(bed, stage);
    const frozen = await untilOwner(bed, stage);
    const before = await readEpoch(bed, stage);
    frozen.kill('SIGSTOP');
    await sleep(FREEZE_MS);
    const moved = await epochMoved(bed, stage, before);
    frozen.kill('SIGCONT');
    await sleep(3_000);
    await bed.drop(successor);
    await bed.ready(stage);
    return moved;
  },
});

/** A second process joins while a batch is held, and is killed again. */
const rebalance = (stage: 'stream' | 'sink' | 'money'): Fault => ({
  name: `a second ${stage} joins and is killed`,
  strike: async (bed) => {
    const lag = await heldBusy(bed, stage);
    const before = await readEpoch(bed, stage);
    bed.child(stage).kill('SIGCONT');
    await bed.keep(stage, {}, `${stage}-2`);
    const moved = await epochMoved(bed, stage, before);
    await sleep(1_000);
    await bed.drop(`${stage}-2`);
    return `${lag} records in flight, ${moved}`;
  },
});

const away = (server: ServerName, ms: number): Fault => ({
  name: `${server} killed and away for ${ms / 1000} s`,
  strike: async (bed) => {
    const lags = await untilHit('records are on their way', () => totalLag(bed).then(orNothing));
    const pid = bed.killServer(server);
    await sleep(ms);
    await bed.startServer(server);
    return `process ${pid}, ${lags} records in flight`;
  },
});

const cutAnswers = (n: number): Fault => ({
  name: `${n} answers of QuestDB lost behind their requests`,
  strike: async (bed) => {
    const before = bed.proxy.cuts;
    bed.proxy.cutNext(n);
    await untilHit('answers are cut', () => Promise.resolve(bed.proxy.cuts - before === n));
    return `${n} requests were carried out and looked failed`;
  },
});

/** A table stops applying its log, as by a broken disk, and goes on once that is mended. */
const suspendedTable: Fault = {
  name: 'a table of QuestDB suspended',
  strike: async (bed) => {
    const lags = await untilHit('records are on their way', () => totalLag(bed).then(orNothing));
    const resume = await suspendTable(bed.context, 'heartbeats', SUSPENDED_DAY_US);
    await sleep(SUSPENDED_MS);
    await resume();
    return `heartbeats for ${SUSPENDED_MS / 1000} s, ${lags} records in flight`;
  },
};

/** No room in Redis for what is queued: every write is refused. */
const fullRedis: Fault = {
  name: 'Redis full',
  strike: async (bed) => {
    const redis = openRedis(bed.config);
    try {
      await redis.config('SET', 'maxmemory', '1');
      const refused = await redis.set('full', '1').catch((error: Error) => error.message);
      assert(refused !== 'OK', 'Redis takes writes without room');
      await sleep(FULL_REDIS_MS);
      await redis.config('SET', 'maxmemory', '0');
      return `for ${FULL_REDIS_MS / 1000} s: ${refused.slice(0, 60)}`;
    } finally {
      redis.disconnect();
    }
  },
};

/** A child that runs jobs hangs: it is ended, and its work is done by the next one. */
const frozenChild: Fault = {
  name: 'a child of the jobs process frozen',
  strike: async (bed) => {
    const jobs = bed.child('jobs').pid;
    // Of labels there are some again and again: of a child without work nobody would notice.
    const labelsChild = (): number | undefined =>
      childPids(jobs).find((pid) => runs(pid, 'labels'));
    const pid = await untilHit('labels have a child', () => Promise.resolve(labelsChild()));
    process.kill(pid, 'SIGSTOP');
    await untilHit('it is ended', () => Promise.resolve(!isThere(pid)), FROZEN_MS_MAX);
    return `process ${pid} of ${jobs}`;
  },
};

/** Nothing runs for two minutes, servers apart: as of a machine that sleeps. */
const allStopped: Fault = {
  name: 'all processes stopped for two minutes',
  strike: async (bed) => {
    const lags = await untilHit('records are on their way', () => totalLag(bed).then(orNothing));
    for (const stage of STAGES) bed.child(stage).kill('SIGSTOP');
    await sleep(STOPPED_MS);
    for (const stage of STAGES) bed.child(stage).kill('SIGCONT');
    return `${STAGES.length} processes, ${lags} records in flight`;
  },
};

const flushQueues: Fault = {
  name: 'FLUSHALL',
  strike: async (bed) => {
    const redis = openRedis(bed.config);
    try {
      const keys = await untilHit(
        'Redis holds keys',
        async () => (await redis.dbsize()) || undefined,
      );
      await redis.flushall();
      return `${keys} keys`;
    } finally {
      redis.disconnect();
    }
  },
};

const stallWorker: Fault = {
  name: 'the jobs process stalled past its locks',
  strike: async (bed) => {
    const stalled = bed.child('jobs');
    stalled.kill('SIGSTOP');
    await sleep(STALL_MS);
    stalled.kill('SIGCONT');
    return `process ${stalled.pid} for ${STALL_MS / 1000} s`;
  },
};

const shiftClock = (stage: StageName, hours: 1 | -1): Fault => ({
  name: `the wall clock of ${stage} an hour ${hours > 0 ? 'ahead' : 'behind'}`,
  strike: async (bed) => {
    const heard = bed.output(stage).length;
    await bed.drop(stage);
    await bed.keep(stage, { NODE_OPTIONS: `--import ${SHIFTED_CLOCK}?hours=${hours}` });
    await untilHit('the clock is shifted', () =>
      Promise.resolve(bed.output(stage).slice(heard).includes('clock shifted') || undefined),
    );
    return 'until its next restart';
  },
});

/** A day that no input of the proofs has. */
const SUSPENDED_DAY_US = parseUs('2033-03-03');
const SUSPENDED_MS = 15_000;
const FULL_REDIS_MS = 10_000;
const STOPPED_MS = 120_000;
/** A child says nothing for so long before it is ended, and somebody has to look. */
const FROZEN_MS_MAX = 150_000;

/** What servers say when there is no room left. */
const NO_ROOM =
  /No space left on device|errno=28|DISK FULL|not enough disk space|ENOSPC|unsafe memory access/;
/** How long there is none, once it was noticed. */
const FULL_MS = 5_000;
const STUCK_MS = 15_000;

/** `spareMib` is what the rest of the proof needs; all of it is filled for a while. */
const fullDisk = (server: ServerName, spareMib: number): Fault => ({
  name: `the disk of ${server} full`,
  strike: async (bed) => {
    // Held meanwhile: what it writes first to a server that was started anew takes most room.
    bed.child('sink').kill('SIGSTOP');
    const disk = await bed.ontoSmallDisk(server, spareMib);
    // Redis tells its clients alone.
    const words = (): string[] => [bed.serverLog(server), bed.output('jobs')];
    const heard = words().map(({ length }) => length);
    const mib = disk.fill();
    bed.child('sink').kill('SIGCONT');
    const fresh = (): string[] => words().map((text, i) => text.slice(heard[i]));
    const isStuck = stillness(bed);
    const logged = await untilHit(`${server} misses room`, async () => {
      const words_ = NO_ROOM.exec(fresh().join('\n'))?.[0];
      return words_ ?? ((await isStuck()) ? 'the sink stands still' : undefined);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}; its output:\n${fresh()[0]?.slice(-3_000)}`);
    });
    await sleep(FULL_MS);
    disk.free();
    const ended = await bed.revive(server);
    return `"${logged}" on a disk of ${mib} MiB, ${ended ? 'started again' : 'went on'}`;
  },
});

/** Whether the sink, with records before it, has not come further for so long. */
function stillness(bed: Bed): () => Promise<boolean> {
  let [passed, sinceMs] = [-1, performance.now()];
  return async () => {
    // Kafka itself may be the server that is in trouble.
    const lags = await bed.context
      .flowProbe()
      .lags()
      .catch(() => []);
    const sink = lags.find(({ stage }) => stage === 'sink');
    const now = sink?.topics.reduce((sum, topic) => sum + topic.passed, 0) ?? 0;
    if (now !== passed) [passed, sinceMs] = [now, performance.now()];
    return (sink?.lag ?? 0) > 0 && performance.now() - sinceMs > STUCK_MS;
  };
}

/** A training set is there whole or not at all. */
const fullExports: Fault = {
  name: 'the disk of a training set full',
  strike: async (bed) => {
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-exports-'));
    const disk = SmallDisk.under(dir, 1);
    try {
      disk.fill();
      const failed = await exportTo(bed, join(dir, 'set')).catch((error: unknown) => error);
      assert(failed instanceof Error, 'a training set fits on a full disk');
      disk.free();
      const left = readdirSync(dir);
      assert(left.length === 0, `a failed training set leaves ${left.join(', ')}`);
      return `"${failed.message.split('\n')[0]}", and nothing was left of it`;
    } finally {
      disk.remove();
      rmSync(dir, { recursive: true });
    }
  },
};

/** Processes whose parent it is. */
function childPids(parent: number | undefined): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentPid(pid) === parent);
}

function parentPid(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
  } catch {
    return null;
  }
}

/** Whether it is the last word of its command line. */
const runs = (pid: number, queue: string): boolean =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(queue);

const isThere = (pid: number): boolean => parentPid(pid) !== null;

async function exportTo({ context, config }: Bed, out: string): Promise<unknown> {
  return buildDataset(context.questdbReader(), {
    instruments: [{ venue: 'alpha', symbol: 'A/USD' }],
    labelSpec: `direction_${config.horizon}@1`,
    fromUs: 0,
    toUs: nowUs(),
    asOfUs: nowUs(),
    out,
  });
}

/** By the word that stands for it in a schedule. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'kill-stream': kill('stream'),
  'kill-sink': kill('sink'),
  'kill-money': kill('money'),
  'kill-jobs': kill('jobs'),
  'fail-stream': failPoint('stream', 'stream.after_append'),
  'fail-sink': failPoint('sink', 'sink.after_write'),
  'freeze-stream': freeze('stream'),
  'freeze-sink': freeze('sink'),
  'join-stream': rebalance('stream'),
  'join-sink': rebalance('sink'),
  'join-money': rebalance('money'),
  'kafka-away': away('kafka', 8_000),
  'questdb-away': away('questdb', 10_000),
  'postgres-away': away('postgres', 10_000),
  'postgres-gone': away('postgres', 120_000),
  'redis-away': away('redis', 10_000),
  'cut-answers': cutAnswers(3),
  'disk-kafka': fullDisk('kafka', 400),
  'disk-questdb': fullDisk('questdb', 800),
  'disk-postgres': fullDisk('postgres', 400),
  'disk-redis': fullDisk('redis', 50),
  'disk-exports': fullExports,
  'flush-queues': flushQueues,
  'suspended-table': suspendedTable,
  'full-redis': fullRedis,
  'frozen-child': frozenChild,
  'all-stopped': allStopped,
  'stall-worker': stallWorker,
  'shift-stream': shiftClock('stream', 1),
  'shift-sink': shiftClock('sink', 1),
  'shift-money': shiftClock('money', 1),
  'shift-jobs': shiftClock('jobs', 1),
  'back-stream': shiftClock('stream', -1),
  'back-sink': shiftClock('sink', -1),
  'back-jobs': shiftClock('jobs', -1),
  'producer-clock': producerClock,
  'installation-clock': installationClock,
  'poison-records': poisonRecords,
  'swap-topic': swapTopic,
  'restore-postgres': restorePostgres,
};

/** A member that is stopped in the middle of a rebalance holds the others up for a minute. */
const REBALANCED_MS = 2 * UNTIL_MS;
/** Of signals there are few: more of the log may have to be fed until one comes. */
const SIGNALLED_MS = 2 * UNTIL_MS;

const STAGE_OF: Readonly<Record<StageName, string>> = {
  stream: 'stream',
  sink: 'sink',
  money: 'trades',
  jobs: 'sink',
};

/** Waits until records are on their way through the stage, and says how many. */
function untilBusy(bed: Bed, name: StageName): Promise<number> {
  const look = async (): Promise<number | undefined> => {
    const lags = await bed.context.flowProbe().lags();
    return lags.find(({ stage }) => stage === STAGE_OF[name])?.lag || undefined;
  };
  return untilHit(`${name} is behind`, look, name === 'money' ? SIGNALLED_MS : UNTIL_MS);
}

/** The same, with the process stopped: its few records would be through before one has looked. */
async function heldBusy(bed: Bed, name: StageName): Promise<number> {
  bed.child(name).kill('SIGSTOP');
  return untilBusy(bed, name);
}

const orNothing = (n: number): number | undefined => n || undefined;

async function totalLag(bed: Bed): Promise<number> {
  const lags = await bed.context.flowProbe().lags();
  return lags.reduce((sum, { lag }) => sum + lag, 0);
}

/** Rises with every claim of a partition. */
async function readEpoch(bed: Bed, name: StageName): Promise<number> {
  const { rows } = await bed.context.postgres.query<{ epochs: string }>(
    'SELECT coalesce(sum(epoch), 0)::text AS epochs FROM checkpoints WHERE stage = $1',
    [STAGE_OF[name]],
  );
  return Number(rows[0]?.epochs ?? 0);
}

/**
 * The stage's first process, once it holds partitions. Where Kafka was away its successor may have
 * claimed them all meanwhile; then it ends by itself, and the one that is started anew gets some.
 */
function untilOwner(bed: Bed, name: 'stream' | 'sink'): Promise<ChildProcess> {
  const look = async (): Promise<ChildProcess | false> => {
    const child = bed.child(name);
    const { rowCount } = await bed.context.postgres.query(
      'SELECT 1 FROM checkpoints WHERE stage = $1 AND owner = $2',
      [name, `${name}-${child.pid}`],
    );
    return (rowCount ?? 0) > 0 && child;
  };
  return untilHit(`${name} holds partitions beside its successor`, look, REBALANCED_MS);
}

async function epochMoved(bed: Bed, name: StageName, before: number): Promise<string> {
  if (name === 'jobs') return 'no partitions of its own';
  const look = async (): Promise<number | false> => {
    const epoch = await readEpoch(bed, name);
    return epoch > before && epoch;
  };
  const after = await untilHit(`${name} claims its partitions`, look, REBALANCED_MS);
  return `epochs ${before} -> ${after}`;
}
