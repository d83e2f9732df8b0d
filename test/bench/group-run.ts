/**
 * One run of a program that reads a topic as a consumer group, from its start until it has
 * committed the last record: CPU microseconds a tick, once the compilers have seen a share of it.
 */
import type { Admin } from 'kafkajs';
import { sleep } from '../../src/clock.ts';
import { assert } from '../../src/assert.ts';
import { cpuSeconds } from './process-cpu.ts';
import { readProgress, type Started } from './server-bench.ts';

const POLL_MS = 20;
const PATIENCE_MS = 180_000;

export interface GroupRun {
  readonly admin: Admin;
  readonly groupId: string;
  readonly topic: string;
  /** Share of the records that is for the compilers. */
  readonly warmUp: number;
  readonly ticksPerRecord: number;
  readonly start: () => Promise<Started>;
}

export interface GroupCost {
  /** CPU microseconds of the process. */
  readonly perTick: number;
  readonly ticksPerS: number;
}

export async function groupRun(run: GroupRun): Promise<GroupCost> {
  const { pid, hasEnded, stop } = await run.start();
  try {
    const first = await reached(run, run.warmUp, hasEnded);
    const [startMs, before] = [performance.now(), cpuSeconds(pid)];
    const last = await reached(run, 1, hasEnded);
    const seconds = (performance.now() - startMs) / 1_000;
    const ticks = (last - first) * run.ticksPerRecord;
    const isEnough = last - first >= 0.5 * (1 - run.warmUp) * last;
    assert(isEnough, 'too few ticks: most of them were done at the first look');
    return { perTick: ((cpuSeconds(pid) - before) * 1e6) / ticks, ticksPerS: ticks / seconds };
  } finally {
    await stop();
  }
}

async function reached(
  { admin, groupId, topic }: GroupRun,
  share: number,
  hasEnded: () => boolean,
): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { done, all } = await readProgress(admin, groupId, topic);
    if (done >= share * all) return done;
    if (hasEnded()) throw new Error(`${groupId} has ended at ${done} of ${all}`);
    if (performance.now() > deadline) throw new Error(`${groupId} stays at ${done} of ${all}`);
    await sleep(POLL_MS);
  }
}
