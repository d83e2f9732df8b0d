/**
 * Runs that a process has and does nothing for: one that is frozen, or whose machine went away. Its
 * connection is ended, which lets go of the run; where it comes back it finds that, and ends.
 *
 * Measured by what this process sees: no clock that is put on or back ends somebody's work.
 */
import type { Pool } from 'pg';
import { monotonicMs } from '../clock.ts';
import type { Logger } from '../log.ts';
import { breakHold } from '../postgres/tables/job-attempts.ts';
import { runningRuns } from '../postgres/tables/job-runs.ts';

/** The process that has a run renews its hold every five seconds. */
const STALE_MS = 90_000;
/** Between two looks; further apart, this process stood still itself. */
const GAP_MS = 30_000;

export class StaleHolds {
  private readonly seen = new Map<number, { readonly aliveAt: number | null; sinceMs: number }>();
  private lookedMs = 0;
  private readonly staleMs: number;

  constructor(staleMs = STALE_MS) {
    this.staleMs = staleMs;
  }

  /** Lets go of the runs that showed no sign of life for so long. Returns how many holds it broke. */
  async look({ postgres, log }: { postgres: Pool; log: Logger }): Promise<number> {
    const now = monotonicMs();
    if (now - this.lookedMs > GAP_MS) this.seen.clear();
    this.lookedMs = now;
    let broken = 0;
    const runs = await runningRuns(postgres);
    for (const { run_id, alive_at: aliveAt, ...run } of runs) {
      const before = this.seen.get(run_id);
      if (before === undefined || before.aliveAt !== aliveAt) {
        this.seen.set(run_id, { aliveAt, sinceMs: now });
      } else if (now - before.sinceMs > this.staleMs) {
        before.sinceMs = now;
        const ended = await breakHold(postgres, run);
        broken += ended;
        if (ended > 0) log.error(run, 'a frozen process had this run, and was parted from it');
      }
    }
    const running = new Set(runs.map(({ run_id }) => run_id));
    for (const id of this.seen.keys()) if (!running.has(id)) this.seen.delete(id);
    return broken;
  }
}
