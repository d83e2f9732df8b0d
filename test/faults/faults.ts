/**
 * The faults: each does harm to a running bed, says what it hit, and throws when it hit nothing.
 * All of them leave the bed able to go on by itself.
 */
import { Redis } from 'ioredis';
import type { ServerName } from '../../infra/local/data-dir.ts';
import { sleep } from '../../src/clock.ts';
import type { Bed, StageName } from './bed.ts';

export interface Fault {
  readonly name: string;
  /** Wants many records at once instead of a steady flow. */
  readonly burst?: boolean;
  /** Resolves with what it hit. Records flow meanwhile. */
  readonly strike: (bed: Bed) => Promise<string>;
}

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
    const before = await epochOf(bed, stage);
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
    const before = await epochOf(bed, stage);
    await bed.drop(stage);
    const env = { TICKLOOM_FAIL_AT: `${point}:${UNCOMMITTED}` };
    const heard = bed.output(stage).length;
    const kept = bed.keep(stage, env);
    const said = await until(`${point} is reached`, () => {
      const found = /fail point \S+ (\d+) records passed/.exec(bed.output(stage).slice(heard));
      return Promise.resolve(found?.[1]);
    });
    await kept;
    await bed.ready(stage);
    return `${said} uncommitted records, ${await epochMoved(bed, stage, before)}`;
  },
});

/** SIGSTOP past the session timeout with a successor running, then SIGCONT. */
const freeze = (stage: 'stream' | 'sink'): Fault => ({
  name: `SIGSTOP ${stage} past its session, successor running, SIGCONT`,
  strike: async (bed) => {
    const successor = `${stage}-2`;
    await bed.keep(stage, {}, successor);
    await untilBusy(bed, stage);
    const before = await epochOf(bed, stage);
    const frozen = bed.child(stage);
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
    const before = await epochOf(bed, stage);
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
    const lags = await totalLag(bed);
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
    await until('answers are cut', () => Promise.resolve(bed.proxy.cuts - before === n));
    return `${n} requests were carried out and looked failed`;
  },
});

const flushQueues: Fault = {
  name: 'FLUSHALL',
  strike: async (bed) => {
    const redis = new Redis(bed.config.redisUrl);
    try {
      const keys = await until('Redis holds keys', async () => (await redis.dbsize()) || undefined);
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

const shiftClock = (stage: StageName): Fault => ({
  name: `the wall clock of ${stage} an hour ahead`,
  strike: async (bed) => {
    const heard = bed.output(stage).length;
    await bed.drop(stage);
    await bed.keep(stage, { NODE_OPTIONS: `--import ${SHIFTED_CLOCK}` });
    await until('the clock is shifted', () =>
      Promise.resolve(bed.output(stage).slice(heard).includes('clock shifted') || undefined),
    );
    return 'until its next restart';
  },
});

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
  'redis-away': away('redis', 10_000),
  'cut-answers': cutAnswers(3),
  'flush-queues': flushQueues,
  'stall-worker': stallWorker,
  'shift-stream': shiftClock('stream'),
  'shift-money': shiftClock('money'),
};

async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`hit nothing: ${what} did not happen`);
    await sleep(20);
  }
}

const STAGE_OF: Readonly<Record<StageName, string>> = {
  stream: 'stream',
  sink: 'sink',
  money: 'trades',
  jobs: 'sink',
};

/** Waits until records are on their way through the stage, and says how many. */
function untilBusy(bed: Bed, name: StageName): Promise<number> {
  return until(`${name} is behind`, async () => {
    const lags = await bed.context.flowProbe().lags();
    return lags.find(({ stage }) => stage === STAGE_OF[name])?.lag || undefined;
  });
}

/** The same, with the process stopped: its few records would be through before one has looked. */
async function heldBusy(bed: Bed, name: StageName): Promise<number> {
  bed.child(name).kill('SIGSTOP');
  return untilBusy(bed, name);
}

async function totalLag(bed: Bed): Promise<number> {
  const lags = await bed.context.flowProbe().lags();
  return lags.reduce((sum, { lag }) => sum + lag, 0);
}

/** Rises with every claim of a partition. */
async function epochOf(bed: Bed, name: StageName): Promise<number> {
  const { rows } = await bed.context.postgres.query<{ epochs: string }>(
    'SELECT coalesce(sum(epoch), 0)::text AS epochs FROM checkpoints WHERE stage = $1',
    [STAGE_OF[name]],
  );
  return Number(rows[0]?.epochs ?? 0);
}

async function epochMoved(bed: Bed, name: StageName, before: number): Promise<string> {
  if (name === 'jobs') return 'no partitions of its own';
  const after = await until(`${name} claims its partitions`, async () => {
    const epoch = await epochOf(bed, name);
    return epoch > before && epoch;
  });
  return `epochs ${before} -> ${after}`;
}
