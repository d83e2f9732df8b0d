/**
 * ticks of one instrument, as they arrive -> new, duplicate, corrected, late and future ones, and
 * the new ones once more in event-time order with the watermark that follows them
 *
 * The watermark is the highest event time seen minus the allowed lateness. A tick that is not
 * behind it is in time: it is held until the watermark passes, so that everything downstream is a
 * function of the *set* of in-time ticks. Stream and sink run this same operator and therefore
 * agree on every verdict and every known_at.
 *
 *        watermark = max(ts) - lateness          max(ts)
 *   ------------|-----------------------------------|----> event time
 *     late     |   held: may still be overtaken    |
 */
import { compareTicks, type MarketTick } from '../../src/domain/tick.ts';
import { AHEAD_MAX_US } from '../../src/domain/control.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import type { Moment, Operator } from '../../src/stream/operator.ts';

export interface IngestState {
  /** -1 before the first tick. */
  maxTs: number;
  knownAt: number;
  /** Ticks not behind the watermark in order; it is also the memory that finds repeats. */
  held: MarketTick[];
  /**
   * How many of them, from the first on, have been handed on already; absent: none. They go
   * together and not one by one: that would move all the others at every tick.
   */
  handed?: number;
  /** The last trade handed on, for venues that number their trades contiguously. */
  lastTrade: { id: string; ts: number } | null;
}

/** What all ticks of a record have in common. */
export interface RecordClocks {
  /** The Kafka record's timestamp, as its producer gave it. */
  readonly recordUs: number;
  /** The log's clock in front of the record; 0: there was none. */
  readonly clockUs: number;
  /** By which time the record is judged: that clock, or the next one (`log-clock.ts`). */
  readonly judgedByUs: number;
  /** The partition's last as-of barrier. */
  readonly barrierUs: number;
  /** Of a record that is imported: when it came (`importedAt`). No as-of barrier raises it. */
  readonly importedAt: number | null;
}

export interface Arrival extends Omit<RecordClocks, 'importedAt'> {
  readonly tick: MarketTick | { readonly kind: 'heartbeat'; readonly ts: number };
  readonly importedAt?: number | null;
  readonly latenessUs: number;
  readonly contiguousTradeIds: boolean;
}

/** A tick of an instrument as it arrives. Spreads would cost more than the step itself. */
export const toArrival = (
  tick: Arrival['tick'],
  clocks: RecordClocks,
  { latenessUs, contiguousTradeIds }: Pick<Arrival, 'latenessUs' | 'contiguousTradeIds'>,
): Arrival => ({
  tick,
  recordUs: clocks.recordUs,
  clockUs: clocks.clockUs,
  judgedByUs: clocks.judgedByUs,
  barrierUs: clocks.barrierUs,
  importedAt: clocks.importedAt,
  latenessUs,
  contiguousTradeIds,
});

export interface Gap {
  readonly fromId: string;
  readonly toId: string;
  readonly fromTs: number;
  readonly toTs: number;
}

export type IngestOut =
  /** A new in-time tick, as it arrives: what the sink stores. */
  | { readonly type: 'new'; readonly tick: MarketTick; readonly knownAt: number }
  | { readonly type: 'heartbeat'; readonly ts: number; readonly knownAt: number }
  | { readonly type: 'duplicate' }
  | {
      readonly type: 'correction';
      readonly tick: MarketTick;
      readonly kept: MarketTick;
      readonly knownAt: number;
    }
  | { readonly type: 'behind'; readonly tick: MarketTick; readonly knownAt: number }
  /**
   * Further ahead of the log's clock than a clock may be off; `ts`: when it came, by that clock.
   */
  | {
      readonly type: 'future';
      readonly tick: Arrival['tick'];
      readonly ts: number;
      readonly knownAt: number;
    }
  /** A word beside the tick's own: its record's timestamp cannot be right, and was ignored. */
  | {
      readonly type: 'bad_clock';
      readonly tick: Arrival['tick'];
      readonly recordUs: number;
      readonly knownAt: number;
    }
  | { readonly type: 'gap'; readonly gap: Gap; readonly moment: Moment }
  /** The venue began to number its trades anew. */
  | { readonly type: 'reset'; readonly gap: Gap; readonly moment: Moment }
  /** The same tick again once the watermark has passed it, in order: what operators compute on. */
  | { readonly type: 'ordered'; readonly tick: MarketTick; readonly moment: Moment }
  | { readonly type: 'watermark'; readonly ts: number; readonly moment: Moment };

type Emit = (out: IngestOut) => void;

export const ingest: Operator<Arrival, IngestOut, IngestState> = {
  name: 'ingest',

  initial: () => ({ maxTs: -1, knownAt: 0, held: [], lastTrade: null }),

  step(state, arrival, emit) {
    const { tick, barrierUs, latenessUs } = arrival;
    if (tick.ts > arrival.judgedByUs + AHEAD_MAX_US) {
      const ts = arrival.clockUs || arrival.judgedByUs;
      emit({ type: 'future', tick, ts, knownAt: Math.max(ts, state.knownAt, barrierUs + 1) });
      return;
    }
    const isBadClock = hasBadClock(arrival);
    const recordUs = isBadClock ? arrival.clockUs : arrival.recordUs;
    const knownAt = Math.max(recordUs, tick.ts, state.knownAt, earliestKnownAt(arrival));
    // Since when it was known that something is wrong with it: never before the last as-of barrier.
    const notedAt = Math.max(knownAt, barrierUs + 1);
    if (isBadClock) emit({ type: 'bad_clock', tick, recordUs: arrival.recordUs, knownAt: notedAt });
    if (tick.kind === 'heartbeat') {
      if (tick.ts <= state.maxTs) return;
      state.knownAt = knownAt;
      emit({ type: 'heartbeat', ts: tick.ts, knownAt });
      advance(state, arrival, emit);
      return;
    }
    if (tick.ts < state.maxTs - latenessUs) {
      // One microsecond more, so that it is never known together with what came before it.
      emit({ type: 'behind', tick, knownAt: Math.max(notedAt, state.knownAt + 1) });
      return;
    }
    const place = findPlace(state.held, state.handed ?? 0, tick);
    const twin = state.held[place];
    if (twin !== undefined && compareTicks(twin, tick) === 0) {
      if (twin.hash === tick.hash) emit({ type: 'duplicate' });
      else emit({ type: 'correction', tick, kept: twin, knownAt: notedAt });
      return;
    }
    if (place === state.held.length) state.held.push(tick);
    else state.held.splice(place, 0, tick);
    state.knownAt = knownAt;
    emit({ type: 'new', tick, knownAt });
    if (tick.ts > state.maxTs) advance(state, arrival, emit);
  },
};

/**
 * Ingest of history, which has no watermark: since when it is known, and since when it is known
 * that there is this history; null where it is of the future. `emit` hears a word beside.
 */
export function judgeHistory(
  {
    tick,
    recordUs,
    clockUs,
    judgedByUs,
    barrierUs,
    importedAt: cameAt = null,
  }: Omit<Arrival, 'latenessUs' | 'contiguousTradeIds'>,
  emit: Emit,
): { readonly knownAt: number; readonly notedAt: number } | null {
  if (tick.ts > judgedByUs + AHEAD_MAX_US) {
    const ts = clockUs || judgedByUs;
    emit({ type: 'future', tick, ts, knownAt: Math.max(ts, barrierUs + 1) });
    return null;
  }
  const isBadClock = hasBadClock({ tick, recordUs, judgedByUs });
  const floorUs = earliestKnownAt({ barrierUs, importedAt: cameAt });
  const knownAt = Math.max(isBadClock ? clockUs : recordUs, tick.ts, floorUs);
  const notedAt = Math.max(knownAt, cameAt ?? 0, barrierUs + 1);
  if (isBadClock) emit({ type: 'bad_clock', tick, recordUs, knownAt: notedAt });
  return { knownAt, notedAt };
}

/**
 * The earliest that something can have come to be known: behind the last as-of barrier, but for a
 * recording that was imported, which claims to have been known in its own time.
 */
const earliestKnownAt = ({
  barrierUs,
  importedAt,
}: Pick<Arrival, 'barrierUs' | 'importedAt'>): number =>
  importedAt === undefined || importedAt === null ? barrierUs + 1 : 0;

/**
 * When an imported record came: by the log's clock, and behind the last as-of barrier, so that
 * whatever was made of what lay before that as-of barrier never has it. Null: the record is not
 * imported.
 */
export const importedAt = (
  { isImported = false }: { readonly isImported?: boolean | undefined },
  { clockUs, judgedByUs, barrierUs }: Pick<Arrival, 'clockUs' | 'judgedByUs' | 'barrierUs'>,
): number | null => (isImported ? Math.max(clockUs || judgedByUs, barrierUs + 1) : null);

/**
 * Whether the record's timestamp cannot be its producer's time: it lies behind its content, as
 * where it is in seconds, or ahead of the log's clock, as where it is in microseconds.
 */
export const hasBadClock = ({
  tick,
  recordUs,
  judgedByUs,
}: Pick<Arrival, 'recordUs' | 'judgedByUs'> & {
  readonly tick: { readonly ts: number };
}): boolean => recordUs < tick.ts - AHEAD_MAX_US || recordUs > judgedByUs + AHEAD_MAX_US;

function toMoment({ tick, importedAt: cameAt }: Arrival, knownAt: number): Moment {
  const moment = { decidedTs: tick.ts, knownAt };
  return cameAt === undefined || cameAt === null ? moment : { ...moment, importedAt: cameAt };
}

/** Moves the watermark and hands on what it has passed. */
function advance(state: IngestState, arrival: Arrival, emit: Emit): void {
  const moment = toMoment(arrival, state.knownAt);
  state.maxTs = arrival.tick.ts;
  const watermark = state.maxTs - arrival.latenessUs;
  const { held } = state;
  let handed = state.handed ?? 0;
  for (let tick = held[handed]; tick !== undefined && tick.ts < watermark; tick = held[handed]) {
    if (tick.kind === 'trade' && arrival.contiguousTradeIds) noteTrade(state, tick, moment, emit);
    emit({ type: 'ordered', tick, moment });
    handed += 1;
  }
  if (2 * handed >= held.length) {
    held.splice(0, handed);
    handed = 0;
  }
  state.handed = handed;
  emit({ type: 'watermark', ts: watermark, moment });
}

/**
 * Of a venue that numbers its trades: a gap before this one, or that ids have fallen back, and what
 * is expected of the next. Ids may lie above 2^53, so they are compared as whole numbers of any
 * size; one that is no whole number is not of the numbering and says nothing.
 */
export function noteTrade(
  state: Pick<IngestState, 'lastTrade'>,
  tick: MarketTick,
  moment: Moment,
  emit: (out: Extract<IngestOut, { type: 'gap' | 'reset' }>) => void,
): void {
  if (!WHOLE.test(tick.id)) return;
  const { lastTrade } = state;
  const step = lastTrade === null ? 1 : stepBetween(lastTrade.id, tick.id);
  if (lastTrade !== null && step !== 1) {
    if (step === 0 || isDisorder(step, tick.ts - lastTrade.ts)) return;
    const gap = { fromId: lastTrade.id, toId: tick.id, fromTs: lastTrade.ts, toTs: tick.ts };
    emit({ type: step > 1 ? 'gap' : 'reset', gap, moment });
  }
  state.lastTrade = { id: tick.id, ts: tick.ts };
}

const WHOLE = /^\d+$/;

/** By how much the second id is above the first. */
function stepBetween(from: string, to: string): number {
  const [before, now] = [Number(from), Number(to)];
  if (Number.isSafeInteger(before) && Number.isSafeInteger(now)) return now - before;
  return Number(BigInt(to) - BigInt(from));
}

const DISORDER_IDS = 100;

/** Ids that fell back a little within a second: a venue that stamps two trades the other way. */
const isDisorder = (step: number, laterUs: number): boolean =>
  step < 0 && step >= -DISORDER_IDS && laterUs <= US_PER_S;

/** The first place from `from` on in the ordered ticks that is not before `tick`. */
function findPlace(held: readonly MarketTick[], from: number, tick: MarketTick): number {
  let low = from;
  let high = held.length;
  // Ticks nearly always arrive in order: look at the end first.
  const last = held[high - 1];
  if (last === undefined || compareTicks(last, tick) < 0) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = held[middle];
    if (other !== undefined && compareTicks(other, tick) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How often ingest gave each of its verdicts. */
export type IngestCounts = Record<IngestOut['type'], number>;

export const initialCounts = (): IngestCounts => ({
  new: 0,
  heartbeat: 0,
  duplicate: 0,
  correction: 0,
  behind: 0,
  future: 0,
  bad_clock: 0,
  gap: 0,
  reset: 0,
  ordered: 0,
  watermark: 0,
});

/** Hands the counts to a metric and begins anew. */
export function reportCounts(counts: IngestCounts, count: (what: string, n: number) => void): void {
  for (const type of Object.keys(counts) as IngestOut['type'][]) {
    if (counts[type] > 0) count(type, counts[type]);
    counts[type] = 0;
  }
}
