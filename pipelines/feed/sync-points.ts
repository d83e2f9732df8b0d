/**
 * Sync points of a replay: at every event time at which a job is due the feed waits until the flow
 * has come that far, makes the jobs due, and waits until they are finished and what they put into
 * the log has been taken up.
 */
import type { Pool } from 'pg';
import type { SyncPoints } from './feed.ts';
import { monotonicMs, sleep } from '../../src/clock.ts';
import { floorTo, formatUs } from '../../src/domain/time.ts';
import { fireCalendar } from '../review/retrain.ts';
import { addDueRuns } from '../../src/postgres/tables/job-runs.ts';
import { reviewedSubjects } from '../../src/postgres/tables/reviews.ts';
import type { Context } from '../../src/runtime/context.ts';
import { reviewEveryUs } from '../review/review-every.ts';
import { drained } from '../../src/runtime/drained.ts';

/** Without any progress for so long, the replay gives up and says what is open. */
const PATIENCE_MS = 600_000;

export function replaySyncPoints(context: Context, notify: (line: string) => void): SyncPoints {
  const { retrainEveryUs } = context.config;
  const everyUs = [retrainEveryUs, reviewEveryUs(context.config)];
  return {
    next: (ts) => Math.min(...everyUs.map((every) => floorTo(ts, every) + every)),
    async reach(ts, instruments) {
      await drain(context, ts);
      const startMs = monotonicMs();
      let ran = 0;
      // What was mended is learnt from; who decides is settled before somebody new is judged.
      for (const [job, subjects, every] of [
        ['quality', instruments, retrainEveryUs],
        ['review', instruments, reviewEveryUs(context.config)],
        ['training', instruments, retrainEveryUs],
      ] as const) {
        if (ts % every !== 0) continue;
        const reviewed = job === 'review' ? await reviewedSubjects(context.postgres) : null;
        const due = [...subjects].filter((subject) => reviewed?.has(subject) ?? true);
        const made = await addDueRuns(context.postgres, job, due, ts);
        if (job === 'training') for (const each of due) await fireCalendar(context, each, ts);
        if (made > 0) await drain(context, ts);
        ran += job === 'quality' ? 0 : made;
      }
      if (ran === 0) return;
      const seconds = ((monotonicMs() - startMs) / 1000).toFixed(1);
      notify(
        `${formatUs(ts).slice(0, 16)}Z  jobs done in ${seconds} s: ${await verdicts(context.postgres, ts, instruments)}`,
      );
    },
  };
}

/**
 * What is open may change for as long as it likes; what stays the same for ten minutes is stuck.
 */
async function drain(context: Context, ts: number): Promise<void> {
  let sameMs = monotonicMs();
  let before = '';
  for (;;) {
    const open = await drained(context, 5_000);
    if (open.length === 0) return;
    // Clocks go on coming into the log: where it ends says nothing of how far a stage has come.
    const now = open.map((line) => line.replace(/ of \d+ in /, ' in ')).join();
    if (now !== before) sameMs = monotonicMs();
    before = now;
    if (monotonicMs() - sameMs > PATIENCE_MS) {
      const lines = open.join('\n  ');
      throw new Error(`no progress for 10 minutes at ${formatUs(ts)}; open are:\n  ${lines}`);
    }
    await sleep(100);
  }
}

async function verdicts(
  postgres: Pool,
  ts: number,
  instruments: ReadonlySet<string>,
): Promise<string> {
  const { rows } = await postgres.query<{ subject: string; state: string; reason: string | null }>(
    `SELECT subject, state, detail->>'reason' AS reason FROM job_runs
     WHERE due_ts = $1 AND subject = ANY($2) ORDER BY job, subject`,
    [formatUs(ts), [...instruments]],
  );
  const lines = rows.map(({ subject, state, reason }) => `${subject} ${reason ?? state}`);
  return lines.map((each) => each.slice(0, 160)).join('; ');
}
