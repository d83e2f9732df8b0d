/** A replay gives what was served, goes on from where another ended, and finds what differs. */
import { describe, expect, test } from 'vitest';
import {
  compareFeatures,
  recomputeFeatures,
  type ReplayState,
} from '../../../pipelines/quality/replay.ts';
import { toMarketTick } from '../../../src/domain/tick.ts';
import { parseUs, US_PER_HOUR } from '../../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../../src/features/definition.ts';
import { mergedTrades } from '../../../src/market/merged.ts';
import { decodeState, encodeState } from '../../../src/stream/state-codec.ts';
import { gradedMarket } from '../../support/loop.ts';

const INSTRUMENT = { venue: 'v', symbol: 'A/USD' };
const FROM = parseUs('2026-03-01');
const TO = FROM + 8 * US_PER_HOUR;

const trades = [
  ...mergedTrades({
    seed: 5,
    venue: 'v',
    symbols: ['A/USD'],
    fromUs: FROM,
    toUs: TO,
    rate: 0.3,
    edge: 'none',
  }),
].map(({ tick }) => tick);
const ticks = trades.map(toMarketTick);
const whole = recomputeFeatures(INSTRUMENT, ticks, TO).vectors;

describe('a replay', () => {
  test('recomputes what the stream served, bit for bit', () => {
    const served = gradedMarket(trades).features.map(({ ts, values }) => ({
      ts,
      values: FEATURE_NAMES.map((name) => values[name] ?? null),
    }));
    const again = whole.filter(({ ts }) => ts <= (served.at(-1)?.ts ?? 0));
    const parity = compareFeatures(served, again);
    expect(parity.checked).toBeGreaterThan(400);
    expect(parity).toMatchObject({ holds: true, missing: 0, extra: 0, mismatches: {} });
  });

  test('goes on from the saved state of another, with the same values', () => {
    for (const cut of [FROM, FROM + 61_234_567, FROM + 3 * US_PER_HOUR, TO]) {
      const before = ticks.filter(({ ts }) => ts < cut);
      const first = recomputeFeatures(INSTRUMENT, before, cut);
      const saved = decodeState<ReplayState>(encodeState(first.end));
      expect(saved.toUs).toBe(cut);
      const rest = ticks.filter(({ ts }) => ts >= cut);
      const second = recomputeFeatures(INSTRUMENT, rest, TO, saved);
      expect([...first.vectors, ...second.vectors]).toEqual(whole);
    }
  });

  test('finds one value that differs, a row too many, and one that is missing', () => {
    const served = whole.map(({ ts, values }) => ({ ts, values: [...values] }));
    const row = served[100]!;
    row.values[3] = (row.values[3] ?? 0) + 1e-15;
    const { mismatches, holds } = compareFeatures(served, whole);
    expect(holds).toBe(false);
    expect(mismatches).toEqual({ [FEATURE_NAMES[3] ?? '']: 1 });
    expect(compareFeatures(served.slice(1), whole.slice(1)).holds).toBe(false);
    expect(compareFeatures(whole, whole.slice(0, -1))).toMatchObject({ extra: 1, holds: false });
    expect(compareFeatures(whole.toSpliced(7, 1), whole)).toMatchObject({
      missing: 1,
      holds: false,
    });
  });

  test('nothing to compare holds only where something held before', () => {
    expect(compareFeatures([], []).holds).toBe(false);
    expect(compareFeatures([], [], FROM).holds).toBe(true);
  });
});
