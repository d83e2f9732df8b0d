import { describe, expect, test } from 'vitest';
import type { FoldPrediction } from '../../src/learning/fold-report.ts';
import { calibrated, fitPlatt } from '../../src/learning/platt.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

const MIN_US = 60e6;
const HORIZON_US = 60 * MIN_US;

/** Outcomes drawn from log-odds that are `slope` times the score, and `shift`. */
function fold(seed: number, slope: number, shift: number, rows = 6000): FoldPrediction {
  const random = seededRandom(seed);
  const baseLogOdds = 0.1;
  const score = Float64Array.from({ length: rows }, () => baseLogOdds + gaussian(random));
  const chance = (each: number): number =>
    1 / (1 + Math.exp(-(baseLogOdds + shift + slope * (each - baseLogOdds))));
  return {
    decidedTs: score.map((_, i) => (seed * rows + i) * MIN_US),
    up: score.map((each) => (random() < chance(each) ? 1 : 0)),
    realised: score.map(() => 0),
    directionScore: score,
    returnScore: score.map(() => 0),
    championProbability: score.map(() => 0.5),
    championReturn: score.map(() => 0),
    ...{ baseRate: 0.525, baseLogOdds, meanReturn: 0 },
  };
}

describe("Platt's calibration", () => {
  test('finds the slope and the shift that outcomes were drawn with', () => {
    const found = fitPlatt([fold(1, 2, 0.5, 20_000), fold(2, 2, 0.5, 20_000)]);
    expect(found!.slope).toBeCloseTo(2, 1);
    expect(found!.shift).toBeCloseTo(0.5, 1);
  });

  test('is none of a score that speaks against what happens, or of one outcome alone', () => {
    expect(fitPlatt([fold(1, -1, 0)])).toBeNull();
    const one = fold(1, 1, 0);
    expect(fitPlatt([{ ...one, up: one.up.map(() => 1) }])).toBeNull();
    expect(fitPlatt([])).toBeNull();
  });

  test('is kept where it wins on the fold behind its fit, as it was fitted', () => {
    const folds = [fold(1, 2, 0.5), fold(2, 2, 0.5), fold(3, 2, 0.5)];
    const earlier = folds.slice(0, 2);
    const { shrinkage, report } = calibrated(folds, earlier, HORIZON_US);
    const fitted = fitPlatt(earlier)!;
    expect(report).toMatchObject({ kept: true, fitted_rows: 12_000, judged_rows: 6000 });
    expect(report.log_loss).toBeLessThan(report.plain_log_loss!);
    expect([shrinkage.direction, shrinkage.shift]).toEqual([fitted.slope, fitted.shift]);
  });

  test('is not kept where the score is right as it is', () => {
    const folds = [fold(1, 1, 0), fold(2, 1, 0), fold(3, 1, 0)];
    const { shrinkage, report } = calibrated(folds, folds.slice(0, 2), HORIZON_US);
    expect(report.kept).toBe(false);
    expect(shrinkage.shift).toBe(0);
    expect(shrinkage.direction).toBeLessThanOrEqual(1);
  });

  test('is not kept where what it learnt has turned', () => {
    const folds = [fold(1, 2, 0.5), fold(2, 2, -0.5)];
    const { shrinkage, report } = calibrated(folds, folds.slice(0, 1), HORIZON_US);
    expect(report.kept).toBe(false);
    expect(report.log_loss).toBeGreaterThan(report.plain_log_loss!);
    expect(shrinkage.shift).toBe(0);
  });

  test('is not kept with nothing to fit it on', () => {
    const { shrinkage, report } = calibrated([fold(1, 2, 0.5)], [], HORIZON_US);
    expect(report).toMatchObject({ kept: false, fitted_rows: 0, slope: null });
    expect(shrinkage.shift).toBe(0);
    expect(calibrated([], [], HORIZON_US).shrinkage).toEqual({ direction: 1, shift: 0, return: 1 });
  });
});
