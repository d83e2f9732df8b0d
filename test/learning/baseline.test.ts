import { pack, unpack } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { US_PER_HOUR, US_PER_MIN, parseDurationUs } from '../../src/domain/time.ts';
import {
  BASELINE_WARM_UP,
  initialBaseline,
  updateBaseline,
  type BaselinePrediction,
  type BaselineState,
} from '../../src/learning/baseline.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

const START = Date.UTC(2024, 0, 1) * 1000;
const HORIZON_MIN = 60;

/** Closes of a minute each; `trend` per minute in volatilities, turning every four hours or so. */
function drawCloses(seed: number, minutes: number, trend: number): number[] {
  const random = seededRandom(seed);
  let drift = trend;
  let log = Math.log(100);
  return Array.from({ length: minutes }, () => {
    if (random() < 1 / 240) drift = random() < 0.5 ? trend : -trend;
    log += 3e-4 * (drift + gaussian(random));
    return Math.exp(log);
  });
}

const feed = (state: BaselineState, closes: readonly number[], from = 0): BaselinePrediction[] =>
  closes.map((close, i) => updateBaseline(state, START + (from + i) * US_PER_MIN, close));

/** Mean log loss less that of a coin, over the rows that were predicted. */
function excessLoss(seed: number, days: number, trend: number): number {
  const closes = drawCloses(seed, days * 1440, trend);
  const losses = feed(initialBaseline(US_PER_HOUR), closes).flatMap((prediction, i) => {
    const then = closes[i + HORIZON_MIN];
    if (prediction.warmingUp || then === undefined) return [];
    const { probabilityUp } = prediction;
    return [-Math.log(then > closes[i]! ? probabilityUp : 1 - probabilityUp) - Math.LN2];
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

const averageExcess = (days: number, trend: number): number =>
  [1, 2, 3, 4, 5].map((seed) => excessLoss(seed, days, trend)).reduce((a, b) => a + b, 0) / 5;

describe('the baseline', () => {
  test('learns a market with momentum', () => {
    expect(averageExcess(5, 0.1)).toBeLessThan(-0.02);
  });

  test('learns what momentum is worth in returns', () => {
    const closes = drawCloses(9, 10 * 1440, 0.1);
    const predictions = feed(initialBaseline(US_PER_HOUR), closes);
    let product = 0;
    for (const [i, { expectedReturn }] of predictions.entries()) {
      const then = closes[i + HORIZON_MIN];
      if (then !== undefined) product += expectedReturn * (then / closes[i]! - 1);
    }
    expect(product).toBeGreaterThan(0);
  });

  test('stays near a coin on a random walk', () => {
    expect(averageExcess(5, 0)).toBeLessThan(0.004);
    expect(averageExcess(1, 0)).toBeLessThan(0.005);
  });

  test('says 0.5 and warms up until 200 outcomes are known', () => {
    const predictions = feed(initialBaseline(US_PER_HOUR), drawCloses(1, 400, 0));
    const warm = predictions.findIndex(({ warmingUp }) => !warmingUp);
    // 15 minutes of history, the horizon, and 200 examples.
    expect(warm).toBe(15 + HORIZON_MIN + BASELINE_WARM_UP - 1);
    expect(predictions[warm]!.matured).toBe(BASELINE_WARM_UP);
    for (const { probabilityUp, expectedReturn } of predictions.slice(0, warm)) {
      expect([probabilityUp, expectedReturn]).toEqual([0.5, 0]);
    }
    expect(predictions[warm]!.probabilityUp).not.toBe(0.5);
  });

  test.each(['1h', '5m', '4h', '1d', '30s'])('fits into 1 KB for a horizon of %s', (horizon) => {
    const horizonUs = parseDurationUs(horizon);
    const state = initialBaseline(horizonUs);
    const stepUs = Math.max(horizonUs / 60, US_PER_MIN);
    const closes = drawCloses(2, 1000, 0.1);
    const last = closes.map((close, i) => updateBaseline(state, START + i * stepUs, close)).at(-1);
    expect(last!.matured).toBeGreaterThan(500);
    expect(pack(state).length).toBeLessThanOrEqual(1024);
  });

  test('goes on after a restart as if nothing had happened', () => {
    const closes = drawCloses(3, 900, 0.1);
    const whole = feed(initialBaseline(US_PER_HOUR), closes);
    let state = initialBaseline(US_PER_HOUR);
    const broken = closes.map((close, i) => {
      if (i % 7 === 0) state = unpack(pack(state)) as BaselineState;
      return updateBaseline(state, START + i * US_PER_MIN, close);
    });
    expect(broken).toEqual(whole);
  });

  test('knows nothing of what comes later', () => {
    const closes = drawCloses(4, 700, 0.1);
    const changed = closes.map((close, i) => (i < 500 ? close : close * 1.01 ** (i % 3)));
    const before = feed(initialBaseline(US_PER_HOUR), closes);
    const after = feed(initialBaseline(US_PER_HOUR), changed);
    expect(after.slice(0, 500)).toEqual(before.slice(0, 500));
    expect(after.slice(500)).not.toEqual(before.slice(500));
  });

  test('uses an outcome no sooner than its horizon has passed', () => {
    const state = initialBaseline(US_PER_HOUR);
    const predictions = feed(state, drawCloses(5, 15 + HORIZON_MIN + 1, 0));
    expect(predictions.map(({ matured }) => matured).slice(-2)).toEqual([0, 1]);
  });
});

describe('the grid of the baseline', () => {
  test('repeats the last close over quiet slots', () => {
    const closes = drawCloses(6, 600, 0.1);
    const quiet = closes.map((close, i) => (i % 10 < 5 ? close : closes[i - (i % 10) + 4]!));
    const sparse = initialBaseline(US_PER_HOUR);
    const dense = initialBaseline(US_PER_HOUR);
    for (const [i, close] of quiet.entries()) {
      const ts = START + i * US_PER_MIN;
      const expected = updateBaseline(dense, ts, close);
      if (i % 10 < 5) expect(updateBaseline(sparse, ts, close)).toEqual(expected);
    }
  });

  test('forgets the history, not the weights, after a gap longer than the horizon', () => {
    const state = initialBaseline(US_PER_HOUR);
    const closes = drawCloses(7, 600, 0.1);
    const before = feed(state, closes).at(-1)!;
    const weights = structuredClone(state.upWeights);
    const after = updateBaseline(state, START + (599 + 61) * US_PER_MIN, 500);
    expect(after).toEqual({
      probabilityUp: 0.5,
      expectedReturn: 0,
      matured: before.matured,
      warmingUp: true,
    });
    expect(state.upWeights).toEqual(weights);
    const again = feed(state, closes.slice(0, 16), 661).at(-1)!;
    expect(again.warmingUp).toBe(false);
  });

  test('is not moved by a close that is not newer, and survives one that is not positive', () => {
    const state = initialBaseline(US_PER_HOUR);
    feed(state, drawCloses(8, 400, 0));
    const saved = structuredClone(state);
    updateBaseline(state, START, 1);
    expect(state).toEqual(saved);
    const after = updateBaseline(state, START + 400 * US_PER_MIN, -37.63);
    expect(after.warmingUp).toBe(true);
    const later = feed(state, drawCloses(8, 400, 0), 401);
    expect(later.every(({ probabilityUp }) => Number.isFinite(probabilityUp))).toBe(true);
  });
});
