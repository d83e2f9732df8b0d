/**
 * stored ticks -> the features that the stream must have served, and where served ones differ
 *
 * The same operators over the stored in-time ticks in their order. Values are a function of that
 * set alone, so equality is bit for bit; a difference means that training would learn from other
 * numbers than serving used. A replay ends with its state, from which a later one goes on: years
 * of ticks are not read again for a day.
 */
import type { MarketTick } from '../src/domain/tick.ts';
import { FEATURE_NAMES } from '../src/features/definition.ts';
import type { FeatureState } from '../src/features/features.ts';
import { candles, type CandlesState } from './candles.ts';
import { features } from './features.ts';

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
  readonly holds: boolean;
}

/** Where a replay stands: every tick before `toUs` is in it. Plain data. */
export interface ReplayState {
  readonly toUs: number;
  readonly candles: CandlesState;
  readonly features: FeatureState;
}

export const replayStart = (): ReplayState => ({
  toUs: 0,
  candles: candles.initial(),
  features: features.initial(),
});

/**
 * Recomputes every feature vector behind `from.toUs`, up to and including the watermark, from the
 * ticks that are not in `from`. Uses up `from`; gives where it ends.
 */
export function recomputeFeatures(
  instrument: { readonly venue: string; readonly symbol: string },
  ticks: Iterable<MarketTick>,
  watermarkUs: number,
  from = replayStart(),
): { readonly vectors: FeatureVector[]; readonly end: ReplayState } {
  const { candles: open, features: state } = from;
  const moment = { decidedTs: 0, knownAt: 0 };
  const vectors: FeatureVector[] = [];
  const take = (input: Parameters<typeof candles.step>[1]): void =>
    candles.step(open, input, (closing) =>
      features.step(state, { ...instrument, closing }, ({ record, vector }) =>
        vectors.push({ ts: record.ts, values: vector }),
      ),
    );
  for (const tick of ticks) {
    if (tick.ts >= watermarkUs) break;
    take({ type: 'ordered', tick, moment });
  }
  take({ type: 'watermark', ts: watermarkUs, moment });
  return { vectors, end: { toUs: watermarkUs, candles: open, features: state } };
}

/** Compares served rows with recomputed ones of the same stretch. */
export function compareFeatures(
  served: readonly FeatureVector[],
  recomputed: readonly FeatureVector[],
  fromTs = 0,
): Parity {
  const again = new Map(recomputed.map((vector) => [vector.ts, vector.values]));
  const mismatches: Record<string, number> = {};
  let checked = 0;
  let extra = 0;
  for (const { ts, values } of served) {
    const other = again.get(ts);
    if (other === undefined) {
      extra += 1;
      continue;
    }
    checked += 1;
    FEATURE_NAMES.forEach((name, i) => {
      if (!Object.is(values[i] ?? null, other[i] ?? null)) {
        mismatches[name] = (mismatches[name] ?? 0) + 1;
      }
    });
  }
  const lastTs = served.at(-1)?.ts ?? -1;
  const expected = recomputed.filter(({ ts }) => ts <= lastTs).length;
  const missing = expected - checked;
  const equal = missing === 0 && extra === 0 && Object.keys(mismatches).length === 0;
  // Nothing to compare proves nothing, unless there was something before.
  const holds = equal && (checked > 0 || fromTs > 0);
  return { fromTs, checked, missing, extra, mismatches, holds };
}
