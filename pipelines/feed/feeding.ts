/** Feeds with everything around them: pace, progress, sync points, and the heartbeat at the end. */
import { feedTicks, heartbeatRecords, type FeedResult, type FeedTick } from './feed.ts';
import { TIMEFRAMES } from '../../src/domain/candle.ts';
import { monotonicMs, nowUs, sleep } from '../../src/clock.ts';
import { IMPORT_HEADERS } from '../../src/domain/imported.ts';
import { floorTo, formatUs } from '../../src/domain/time.ts';
import { addDueRuns } from '../../src/postgres/tables/job-runs.ts';
import type { Context } from '../../src/runtime/context.ts';
import { replaySyncPoints } from './sync-points.ts';

export interface FeedRun {
  readonly source: AsyncIterable<FeedTick> | Iterable<FeedTick>;
  readonly notify: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly syncPoints?: boolean;
  readonly backfill?: boolean;
  /** A recording that claims, by its receive times, since when each tick was known. */
  readonly imported?: boolean;
  /** Times the recorded speed; 0: as fast as possible. */
  readonly speed?: number;
  /** Leaves the candles at the end open: more is to come. */
  readonly open?: boolean;
}

const PROGRESS_MS = 2_000;
/** How long history is waited for, where the stages run at all. */
const STORED_MS = 15_000;
const LONGEST_US = Math.max(...TIMEFRAMES.map(({ us }) => us));

export async function runFeed(context: Context, run: FeedRun): Promise<FeedResult> {
  const topic = context.topicName(run.backfill ? 'ticks-backfill' : 'ticks');
  const log = context.outLog();
  const startMs = monotonicMs();
  let reportedMs = startMs;
  const onProgress = (ticks: number, ts: number): void => {
    if (monotonicMs() - reportedMs < PROGRESS_MS) return;
    reportedMs = monotonicMs();
    const rate = Math.round(ticks / ((reportedMs - startMs) / 1000));
    run.notify(`${formatUs(ts).slice(0, 16)}Z  ${ticks} ticks sent, ${rate}/s`);
  };
  // History was not known before it is fed, also where the file has receive times; unless requested.
  const source = run.backfill && !run.imported ? receivedNow(run.source) : run.source;
  const headers = run.imported ? { headers: IMPORT_HEADERS } : {};
  const result = await feedTicks(source, {
    log,
    topic,
    ...headers,
    onProgress,
    ...(run.signal === undefined ? {} : { signal: run.signal }),
    ...(run.speed ? { pace: makePacer(run.speed, run.signal) } : {}),
    ...(run.syncPoints ? { syncPoints: replaySyncPoints(context, run.notify) } : {}),
  });
  if (run.backfill && result.ticks > 0) {
    // A job that looks before the history is stored would find nothing to revise.
    await context.flowProbe().drain(STORED_MS);
    await addDueRuns(context.postgres, 'quality', result.instruments, nowUs());
    run.notify('what was computed over this range is revised by the data-quality job, due now');
  }
  if (!run.open && !run.backfill && result.lastTs !== null && !run.signal?.aborted) {
    // Nobody can say yet that nothing more comes up to a time that is still to come.
    const ts = Math.min(finalHeartbeatTs(result.lastTs, context.config.latenessUs), nowUs());
    await log.append(heartbeatRecords(topic, result.instruments, ts, headers.headers));
  }
  return result;
}

/** The end of the longest candle that can be open at `lastTs`, plus the lateness. */
export const finalHeartbeatTs = (lastTs: number, latenessUs: number): number =>
  floorTo(lastTs, LONGEST_US) + LONGEST_US + latenessUs;

async function* receivedNow(
  source: AsyncIterable<FeedTick> | Iterable<FeedTick>,
): AsyncGenerator<FeedTick> {
  for await (const { tick } of source) yield { tick, receivedUs: nowUs() };
}

/** Waits so that event time passes `speed` times as fast as the clock. */
function makePacer(speed: number, signal?: AbortSignal): (entry: FeedTick) => Promise<void> {
  let origin: { ts: number; ms: number } | null = null;
  return async ({ tick }) => {
    origin ??= { ts: tick.ts, ms: monotonicMs() };
    const dueMs = origin.ms + (tick.ts - origin.ts) / 1000 / speed;
    const waitMs = dueMs - monotonicMs();
    if (waitMs > 0) await sleep(waitMs, signal);
  };
}
