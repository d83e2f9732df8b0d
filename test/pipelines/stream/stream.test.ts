import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  instrumentStream,
  type Derived,
  type InstrumentState,
} from '../../../pipelines/stream/stream.ts';
import { initialControlState } from '../../../src/domain/control.ts';
import { parseUs, US_PER_HOUR } from '../../../src/domain/time.ts';
import type { Tick } from '../../../src/domain/wire.ts';
import { mergedTrades } from '../../../src/market/merged.ts';
import { controlBot } from '../../../src/app/seed.ts';
import { decodeState, encodeState } from '../../../src/stream/state-codec.ts';
import { LATENESS_US, streamInput } from '../../support/stream-input.ts';

const FROM = parseUs('2026-03-01');
const settings = { horizonUs: US_PER_HOUR, labelSpec: 'direction_1h@1' };
const control = initialControlState();
control.bots['control'] = controlBot({
  labelSpec: 'direction_1h@1',
  horizonUs: US_PER_HOUR,
  orderLatencyUs: 250_000,
});

const ticks = [
  ...mergedTrades({
    seed: 3,
    venue: 'synthetic',
    symbols: ['A/USD'],
    fromUs: FROM,
    toUs: FROM + 30 * US_PER_HOUR,
    rate: 0.2,
    edge: 'none',
  }),
].map(({ tick }) => tick);

function run(
  inputs: readonly Tick[],
  between: (state: InstrumentState, i: number) => InstrumentState = (state) => state,
): { out: Derived[]; state: InstrumentState } {
  const chain = instrumentStream(settings);
  let state = chain.initial();
  const out: Derived[] = [];
  inputs.forEach((tick, i) => {
    state = between(state, i);
    chain.step(state, streamInput(tick, control), (o) => out.push(o));
  });
  return { out, state };
}

const digest = (out: readonly Derived[]): string =>
  createHash('sha256').update(JSON.stringify(out)).digest('hex');

describe('the chain of an instrument', () => {
  const whole = run(ticks);

  test('it emits every kind of record, champions one a moment', () => {
    const kinds = new Set(whole.out.map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual(['feature', 'fill', 'prediction', 'signal']);
    const features = whole.out.filter(({ kind }) => kind === 'feature');
    const predictions = whole.out.filter((o) => o.kind === 'prediction');
    expect(predictions.map(({ feature_id }) => feature_id)).toEqual(
      features.map((f) => f.kind === 'feature' && f.feature_id),
    );
    expect(new Set(predictions.map((p) => p.prediction_id)).size).toBe(predictions.length);
  });

  test('a decision is dated by the tick that showed it, never by the end of its candle', () => {
    const chain = instrumentStream(settings);
    const state = chain.initial();
    const out: Derived[] = [];
    let decided = 0;
    for (const tick of ticks.slice(0, 2_000)) {
      out.length = 0;
      const input = streamInput(tick, control);
      const recordUs = tick.ts + 7;
      chain.step(state, { ...input, arrival: { ...input.arrival, recordUs } }, (o) => out.push(o));
      for (const one of out) {
        if (one.kind !== 'feature' && one.kind !== 'prediction') continue;
        expect([one.decided_ts, one.known_at]).toEqual([tick.ts, recordUs]);
        expect(one.decided_ts).toBeGreaterThan(one.ts);
        decided += 1;
      }
    }
    expect(decided).toBeGreaterThan(100);
  });

  test('a restart from a saved state at any place repeats nothing and loses nothing', () => {
    const restored = run(ticks, (state, i) =>
      i % 97 === 0 ? decodeState<InstrumentState>(encodeState(state)) : state,
    );
    expect(digest(restored.out)).toBe(digest(whole.out));
  });

  test('the state of a warmed-up instrument takes at most 3 KB besides its held ticks', () => {
    const { state } = whole;
    const size = encodeState({ ...state, intake: { ...state.intake, held: [] } }).length;
    expect(size).toBeLessThanOrEqual(3 * 1024);
  });

  test('the order of arrival within the lateness changes no candle and no value', () => {
    const swapped = [...ticks];
    for (let i = 0; i + 1 < swapped.length; i += 2) {
      const [a, b] = [swapped[i], swapped[i + 1]];
      if (a && b && b.ts - a.ts < LATENESS_US) [swapped[i], swapped[i + 1]] = [b, a];
    }
    const content = (out: readonly Derived[]): string[] =>
      out.flatMap((o) =>
        o.kind === 'feature' ? [JSON.stringify([o.ts, o.candles, o.values])] : [],
      );
    expect(content(run(swapped).out)).toEqual(content(whole.out));
  });

  test('what was served does not change when the log is cut short: nothing looks ahead', () => {
    for (const share of [0.2, 0.55, 0.9]) {
      const cut = run(ticks.slice(0, Math.floor(share * ticks.length))).out;
      expect(digest(whole.out.slice(0, cut.length))).toBe(digest(cut));
    }
  });
});
