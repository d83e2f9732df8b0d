/**
 * `kill -9` of the stream, and of the sink, with 1 000 instruments under flow: seconds from the
 * group's reassignment (the new process has its partitions and their state) until its lag is what
 * it was before, and how long that took in all, the session timeout of 6 s included.
 *
 *   node --import tsx test/bench/restart.ts [--per-s 5000] [--rounds 2] [--instruments 1000]
 *
 * The killed process was at work for longer than the time between two checkpoints, so that there is
 * something to replay. At the end both have passed every record of the topic.
 */
import { parseArgs } from 'node:util';
import type { Admin } from 'kafkajs';
import { withAdmin } from '../../src/kafka/kafka.ts';
import { assert } from '../../src/assert.ts';
import { sleep } from '../../src/clock.ts';
import type { Bed } from '../faults/bed.ts';
import { benchTicks } from './bench-ticks.ts';
import { openLoop, type Planned } from './open-loop.ts';
import {
  onServers,
  readProgress,
  toRecord,
  sendControls,
  spread,
  startOurs,
  verdict,
  type Started,
} from './server-bench.ts';
import { median } from './measure.ts';

const { values } = parseArgs({
  options: {
    'per-s': { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '2' },
    instruments: { type: 'string', default: '1000' },
    'settle-s': { type: 'string', default: '15' },
  },
});
const STAGES = ['stream', 'sink'] as const;
const PER_S = Number(values['per-s']);
const ROUNDS = Number(values.rounds);
const LAG_SAMPLES = 50;
const POLL_MS = 100;
const PATIENCE_MS = 120_000;
/** Ticks are made beforehand: what is not used was made in vain. */
const SECONDS_MAX = 60 + STAGES.length * ROUNDS * (Number(values['settle-s']) + 25);

async function main(): Promise<void> {
  const count = SECONDS_MAX * PER_S;
  const ticks = benchTicks({
    count,
    instruments: Number(values.instruments),
    stepUs: Math.round(1e6 / PER_S),
  });
  const caughtUp = await onServers((bed) =>
    withAdmin(bed.context.kafka, async (admin) => {
      await sendControls(bed);
      const flow = new AbortController();
      const topic = bed.context.topicName('ticks');
      const next = (i: number): Planned | null => {
        const tick = ticks[i];
        if (tick === undefined) return null;
        const { key, value, timestampMs } = toRecord(tick);
        return { topic, message: { key, value, timestamp: String(timestampMs) } };
      };
      const run = { kafka: bed.context.kafka, perS: PER_S, next, signal: flow.signal };
      const flowing = openLoop(run);
      try {
        return await underFlow(bed, admin);
      } finally {
        flow.abort();
        const sent = await flowing;
        assert(sent < count, 'the ticks have lasted to the end');
      }
    }),
  );
  for (const stage of STAGES) {
    const seconds = caughtUp[stage];
    console.log(`${stage}: ${spread(seconds)} s behind the reassignment`);
    verdict(`${stage} caught up`, median(seconds), { atMost: 10, unit: ' s' });
  }
}

type Seconds = Record<(typeof STAGES)[number], number[]>;

async function underFlow(bed: Bed, admin: Admin): Promise<Seconds> {
  const running = new Map<string, Started>();
  for (const stage of STAGES) running.set(stage, await startOurs(bed, stage));
  const seconds: Seconds = { stream: [], sink: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const stage of STAGES) {
      await sleep(1_000 * Number(values['settle-s']));
      const usual = await usualLag(bed, admin, stage);
      const { behind, ...times } = await killed(bed, admin, stage, running, usual);
      seconds[stage].push(times.caughtUpS);
      console.log(
        `round ${round + 1}, ${stage}: partitions back after ${times.backS.toFixed(1)} s, ` +
          `${behind} records behind then; caught up ${times.caughtUpS.toFixed(1)} s later ` +
          `(lag at most ${usual} records, as before)`,
      );
    }
  }
  for (const { stop } of running.values()) await stop();
  return seconds;
}

/** The flow goes on: what is in hand counts as lag, and is there before as well as after. */
async function usualLag(bed: Bed, admin: Admin, stage: string): Promise<number> {
  let most = 0;
  for (let i = 0; i < LAG_SAMPLES; i++) {
    most = Math.max(most, await readLag(bed, admin, stage));
    await sleep(POLL_MS);
  }
  return most;
}

async function readLag({ context }: Bed, admin: Admin, stage: string): Promise<number> {
  const topic = context.topicName('ticks');
  const { done, all } = await readProgress(admin, context.groupId(stage), topic);
  return all - done;
}

async function killed(
  bed: Bed,
  admin: Admin,
  stage: (typeof STAGES)[number],
  running: Map<string, Started>,
  usual: number,
): Promise<{ backS: number; caughtUpS: number; behind: number }> {
  const before = running.get(stage);
  assert(before !== undefined, `${stage} runs`);
  const killedMs = performance.now();
  process.kill(before.pid, 'SIGKILL');
  running.set(stage, await startOurs(bed, stage));
  const backMs = performance.now();
  const behind = await readLag(bed, admin, stage);
  assert(behind > usual, `there is something to catch up with: ${behind} records`);
  while ((await readLag(bed, admin, stage)) > usual) {
    if (performance.now() - backMs > PATIENCE_MS) throw new Error(`${stage} does not catch up`);
    await sleep(POLL_MS);
  }
  const caughtUpS = (performance.now() - backMs) / 1_000;
  return { backS: (backMs - killedMs) / 1_000, caughtUpS, behind };
}

await main();
process.exit();
