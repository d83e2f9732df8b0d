/**
 * stored ticks -> the candles and features that they make, and where served ones differ
 *
 * The same operators over stored ticks in their order. Over the in-time ones this is what the
 * stream must have served: values are a function of that set alone, so equality is bit for bit, and
 * a difference means that training would learn from other numbers than serving used. A replay ends
 * with its state, from which a later one goes on: years of ticks are not read again for a day.
 */
import type { MarketTick } from '../../src/domain/tick.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import type { FeatureState } from '../../src/features/features.ts';
import { findVenue } from '../../src/domain/venues.ts';
import { candles, type CandlesState, type Closing } from '../stream/candles.ts';
import { features, type FeaturesOut } from '../stream/features.ts';
import { noteTrade, type IngestOut, type IngestState } from '../stream/ingest.ts';

export interface FeatureVector {
  readonly ts: number;
  readonly values: readonly (number | null)[];
}

export interface Parity {
  /** Rows up to this were found equal before. */
  readonly fromTs: number;
  readonly checked: number;
  /** Served and not recomputed, or the other way round. */
  readonly missing: number;
  readonly extra: number;
  /** Rows that differ, by feature. */
  readonly mismatches: Readonly<Record<string, number>>;
  /** The first value that differs. */
  readonly first: Difference | null;
  readonly holds: boolean;
}

export interface Difference {
  readonly ts: number;
  readonly name: string;
  readonly served: number | string | null;
  readonly again: number | string | null;
}

/** Where a replay stands: every tick before `toUs` is in it. Plain data. */
export interface ReplayState {
  readonly toUs: number;
  readonly candles: CandlesState;
  readonly features: FeatureState;
  lastTrade: IngestState['lastTrade'];
}

export const replayStart = (): ReplayState => ({
  toUs: 0,
  candles: candles.initial(),
  features: features.initial(),
  lastTrade: null,
});

/**
 * Hands on what every instant behind `from.toUs` gives at which a candle ends, up to and including
 * the watermark, from the ticks that are not in `from`. Uses up `from`; returns where it ends.
 */
export function replay(
  { venue, symbol }: { readonly venue: string; readonly symbol: string },
  ticks: Iterable<MarketTick>,
  watermarkUs: number,
  from: ReplayState,
  emit: (out: FeaturesOut) => void,
): ReplayState {
  const { candles: open, features: state } = from;
  const moment = { decidedTs: 0, knownAt: 0 };
  const { contiguousTradeIds } = findVenue(venue);
  const onClosing = (closing: Closing): void => {
    features.step(state, { venue, symbol, closing }, emit);
  };
  const onGap = (out: Extract<IngestOut, { type: 'gap' | 'reset' }>): void => {
    if (out.type === 'gap') candles.step(open, out, onClosing);
  };
  for (const tick of ticks) {
    if (tick.ts >= watermarkUs) break;
    if (contiguousTradeIds && tick.kind === 'trade') noteTrade(from, tick, moment, onGap);
    candles.step(open, { type: 'ordered', tick, moment }, onClosing);
  }
  candles.step(open, { type: 'watermark', ts: watermarkUs, moment }, onClosing);
  return { ...from, toUs: watermarkUs };
}

/** The same as vectors, which is what a comparison needs. */
export function recomputeFeatures(
  instrument: { readonly venue: string; readonly symbol: string },
  ticks: Iterable<MarketTick>,
  watermarkUs: number,
  from = replayStart(),
): { readonly vectors: FeatureVector[]; readonly end: ReplayState } {
  const vectors: FeatureVector[] = [];
  const end = replay(instrument, ticks, watermarkUs, from, ({ record, vector }) =>
    vectors.push({ ts: record.ts, values: vector }),
  );
  return { vectors, end };
}

/**
 * Compares served rows with recomputed ones of the same range, both oldest first. What was
 * recomputed behind `lastTs` need not have been served yet.
 */
export function compareFeatures(
  served: readonly FeatureVector[],
  recomputed: readonly FeatureVector[],
  fromTs = 0,
  lastTs = served.at(-1)?.ts ?? -1,
): Parity {
  const again = new Map(recomputed.map((vector) => [vector.ts, vector.values]));
  const mismatches: Record<string, number> = {};
  let checked = 0;
  let extra = 0;
  let first: Difference | null = null;
  for (const { ts, values } of served) {
    const other = again.get(ts);
    if (other === undefined) {
      extra += 1;
      continue;
    }
    checked += 1;
    FEATURE_NAMES.forEach((name, i) => {
      const [was, is] = [values[i] ?? null, other[i] ?? null];
      if (Object.is(was, is)) return;
      mismatches[name] = (mismatches[name] ?? 0) + 1;
      first ??= { ts, name, served: was, again: is };
    });
  }
  const expected = recomputed.filter(({ ts }) => ts <= lastTs).length;
  const missing = expected - checked;
  const equal = missing === 0 && extra === 0 && Object.keys(mismatches).length === 0;
  // Nothing to compare proves nothing, unless there was something before.
  const holds = equal && (checked > 0 || fromTs > 0);
  return { fromTs, checked, missing, extra, mismatches, first, holds };
}
