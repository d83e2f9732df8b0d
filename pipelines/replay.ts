/**
 * stored ticks -> the features that the stream must have served, and where served ones differ
 *
 * The same operators over the stored in-time ticks in their order. Values are a function of that
 * set alone, so equality is bit for bit; a difference means that training would learn from other
 * numbers than serving used.
 */
import type { MarketTick } from '../src/domain/tick.ts';
import { FEATURE_NAMES } from '../src/features/definition.ts';
import { candles } from './candles.ts';
import { features } from './features.ts';

export interface FeatureVector {
  readonly ts: number;
  readonly values: readonly (number | null)[];
}

export interface Parity {
  readonly checked: number;
  /** Served and not recomputed, or the other way round. */
  readonly missing: number;
  readonly extra: number;
  /** Rows that differ, by feature. */
  readonly mismatches: Readonly<Record<string, number>>;
  readonly holds: boolean;
}

/** Recomputes every feature vector up to and including the watermark. */
export function recomputeFeatures(
  instrument: { readonly venue: string; readonly symbol: string },
  ticks: Iterable<MarketTick>,
  watermarkUs: number,
): FeatureVector[] {
  const open = candles.initial();
  const state = features.initial();
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
  return vectors;
}

/** Compares what both have; `fromTs` bounds the stretch from below. */
export function compareFeatures(
  served: readonly FeatureVector[],
  recomputed: readonly FeatureVector[],
  fromTs = 0,
): Parity {
  const again = new Map(recomputed.map((vector) => [vector.ts, vector.values]));
  const mismatches: Record<string, number> = {};
  let checked = 0;
  let extra = 0;
  const of = served.filter(({ ts }) => ts >= fromTs);
  for (const { ts, values } of of) {
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
  const lastTs = of.at(-1)?.ts ?? -1;
  const expected = recomputed.filter(({ ts }) => ts >= fromTs && ts <= lastTs).length;
  const missing = expected - checked;
  const holds = checked > 0 && missing === 0 && extra === 0 && Object.keys(mismatches).length === 0;
  return { checked, missing, extra, mismatches, holds };
}
