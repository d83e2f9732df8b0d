/**
 * Whether the whole installation has come to rest: the log has passed every stage, every decision
 * that can be graded is graded, and no job that is due is open.
 */
import { monotonicMs, sleep } from '../clock.ts';
import type { Context } from './context.ts';
import { openWork } from './open-work.ts';

const POLL_MS = 250;

/** Empty once drained; at the timeout what is still open, one line each. */
export async function drained(context: Context, timeoutMs: number): Promise<readonly string[]> {
  const deadline = monotonicMs() + timeoutMs;
  const { postgres, labelBacklog, config } = context;
  const probe = context.flowProbe();
  for (;;) {
    // Jobs append control records: the flow has to be looked at again after the last of them.
    const flow = await probe.drain(Math.max(0, deadline - monotonicMs()));
    if (flow.length > 0) return flow;
    const work = await openWork(postgres, labelBacklog(), config);
    if (work.length === 0) {
      const still = await probe.drain(Math.max(0, deadline - monotonicMs()));
      if (still.length > 0 || (await openWork(postgres, labelBacklog(), config)).length === 0) {
        return still;
      }
    }
    if (monotonicMs() > deadline) return work;
    await sleep(POLL_MS);
  }
}
