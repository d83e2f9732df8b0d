/**
 * ticks of a file, a generator or an exchange -> records of `ticks`
 *
 * Ticks of one instrument that were received in the same millisecond travel as one frame, so that
 * the record's timestamp is the receive time of every tick in it. With sync points, the feed stops
 * at each event time at which a job is due until the whole flow has come that far and the job is
 * finished: a replay of the past then learns when it would have learnt, not when it was replayed.
 */
import { instrumentKey, type Heartbeat, type Tick } from '../../src/domain/wire.ts';
import type { OutLog, OutRecord } from '../../src/stream/stage.ts';
import { AHEAD_MAX_US } from '../../src/domain/control.ts';

/** A tick and when the feed received it. */
export interface FeedTick {
  readonly tick: Tick;
  readonly receivedUs: number;
}

export interface FeedOptions {
  readonly log: OutLog;
  readonly topic: string;
  /** Of every record. */
  readonly headers?: OutRecord['headers'];
  /** Called after each append: ticks so far, and the event time reached. */
  readonly onProgress?: (ticks: number, ts: number) => void;
  /** Waits before the tick is sent: the replay's pace, or the wall clock of a live market. */
  readonly pace?: (tick: FeedTick) => Promise<void> | void;
  readonly syncPoints?: SyncPoints;
  readonly signal?: AbortSignal;
}

/** Where a replay waits for its jobs. */
export interface SyncPoints {
  /** The first event time after `ts` at which a job is due. */
  next(ts: number): number;
  /** Resolves once the flow has come to `ts` and every job due then is finished. */
  reach(ts: number, instruments: ReadonlySet<string>): Promise<void>;
}

export interface FeedResult {
  readonly ticks: number;
  readonly firstTs: number | null;
  readonly lastTs: number | null;
  readonly instruments: ReadonlySet<string>;
}

const RECORDS_PER_APPEND = 2_000;
const FRAME_TICKS_MAX = 500;

export async function feedTicks(
  source: AsyncIterable<FeedTick> | Iterable<FeedTick>,
  options: FeedOptions,
): Promise<FeedResult> {
  const writer = new FrameWriter(options);
  let ticks = 0;
  let firstTs: number | null = null;
  let lastTs: number | null = null;
  let syncTs: number | null = null;
  for await (const entry of source) {
    if (options.signal?.aborted) break;
    const { ts } = entry.tick;
    // A tick dated far ahead is set apart by every stage: it brings no job forward either.
    const reachedTs = Math.min(ts, entry.receivedUs + AHEAD_MAX_US);
    syncTs ??= options.syncPoints?.next(reachedTs) ?? null;
    while (options.syncPoints !== undefined && syncTs !== null && reachedTs > syncTs) {
      await writer.heartbeats(syncTs);
      await options.syncPoints.reach(syncTs, writer.instruments);
      syncTs = options.syncPoints.next(syncTs);
    }
    await options.pace?.(entry);
    await writer.add(entry);
    ticks += 1;
    firstTs ??= ts;
    lastTs = Math.max(lastTs ?? ts, ts);
    if (options.pace !== undefined) await writer.flush();
  }
  await writer.flush();
  return { ticks, firstTs, lastTs, instruments: writer.instruments };
}

/** One heartbeat an instrument: nothing more of it up to `ts`. */
export const heartbeatRecords = (
  topic: string,
  instruments: Iterable<string>,
  ts: number,
  headers?: OutRecord['headers'],
): OutRecord[] =>
  [...instruments].map((key) => {
    const colon = key.indexOf(':');
    const [venue, symbol] = [key.slice(0, colon), key.slice(colon + 1)];
    const heartbeat: Heartbeat = { kind: 'heartbeat', venue, symbol, ts };
    // Rounded up: a record's timestamp has milliseconds, and must not lie before what it says.
    const timestampMs = Math.ceil(ts / 1000);
    return { topic, key, value: JSON.stringify(heartbeat), timestampMs, ...headed(headers) };
  });

const headed = (headers: OutRecord['headers']): Pick<OutRecord, 'headers'> =>
  headers === undefined ? {} : { headers };

class FrameWriter {
  readonly instruments = new Set<string>();
  private readonly options: FeedOptions;
  private readonly frames = new Map<string, { ms: number; ticks: Tick[] }>();
  private records: OutRecord[] = [];
  private sent = 0;
  private lastTs = 0;

  constructor(options: FeedOptions) {
    this.options = options;
  }

  async add({ tick, receivedUs }: FeedTick): Promise<void> {
    const key = instrumentKey(tick);
    const ms = Math.floor(receivedUs / 1000);
    const frame = this.frames.get(key);
    if (frame !== undefined && frame.ms === ms && frame.ticks.length < FRAME_TICKS_MAX) {
      frame.ticks.push(tick);
    } else {
      if (frame !== undefined) this.close(key, frame);
      this.instruments.add(key);
      this.frames.set(key, { ms, ticks: [tick] });
    }
    this.lastTs = tick.ts;
    if (this.records.length >= RECORDS_PER_APPEND) await this.append();
  }

  async flush(): Promise<void> {
    for (const [key, frame] of this.frames) this.close(key, frame);
    this.frames.clear();
    await this.append();
  }

  async heartbeats(ts: number): Promise<void> {
    await this.flush();
    const { topic, headers } = this.options;
    this.records.push(...heartbeatRecords(topic, this.instruments, ts, headers));
    this.lastTs = ts;
    await this.append();
  }

  private close(key: string, { ms, ticks }: { ms: number; ticks: Tick[] }): void {
    const value = JSON.stringify(ticks.length === 1 ? ticks[0] : ticks);
    const { topic, headers } = this.options;
    this.records.push({ topic, key, value, timestampMs: ms, ...headed(headers) });
    this.sent += ticks.length;
  }

  private async append(): Promise<void> {
    if (this.records.length === 0) return;
    const { records } = this;
    this.records = [];
    await this.options.log.append(records);
    this.options.onProgress?.(this.sent, this.lastTs);
  }
}
