import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  auc,
  calibrationBins,
  calibrationError,
  directionMetrics,
  hitRate,
  logLosses,
  mean,
  rankCorrelation,
  returnMetrics,
} from '../../src/learning/metrics.ts';

interface Case {
  up: number[];
  probability: number[];
  realised: number[];
  expected: number[];
  auc: number;
  log_loss: number;
  brier: number;
  hit_rate: number;
  share_up: number[];
  mean_predicted: number[];
  calibration_error: number;
  rank_correlation: number;
}

const oracle = JSON.parse(
  readFileSync(new URL('../oracle/learning/metrics.json', import.meta.url), 'utf8'),
) as { source: string; cases: Case[] };

describe.each(oracle.cases)('metrics of $up.length rows', (given) => {
  const near = (seen: number | null, expected: number): void => {
    expect(Math.abs((seen ?? NaN) - expected)).toBeLessThan(1e-12);
  };

  test('equal scikit-learn for a direction', () => {
    const metrics = directionMetrics(given.up, given.probability);
    near(metrics.auc, given.auc);
    near(metrics.log_loss, given.log_loss);
    near(metrics.brier, given.brier);
    near(metrics.hit_rate, given.hit_rate);
    near(metrics.calibration_error, given.calibration_error);
    expect(metrics.rows).toBe(given.up.length);
  });

  test('equal scikit-learn for each calibration bin', () => {
    const bins = calibrationBins(given.up, given.probability);
    expect(bins).toHaveLength(given.share_up.length);
    for (const [i, bin] of bins.entries()) {
      near(bin.share_up, given.share_up[i]!);
      near(bin.mean_predicted, given.mean_predicted[i]!);
    }
  });

  test('equal SciPy for a return', () => {
    const metrics = returnMetrics(given.realised, given.expected);
    near(metrics.rank_correlation, given.rank_correlation);
  });
});

describe('metrics of rows that do not determine them', () => {
  test('are null without rows', () => {
    expect(
      Object.values(directionMetrics([], []))
        .slice(1)
        .every((each) => each === null),
    ).toBe(true);
    expect(mean([])).toBeNull();
    expect(calibrationError([])).toBeNull();
  });

  test('are null with one class or without variation', () => {
    expect(auc([1, 1], [0.2, 0.3])).toBeNull();
    expect(rankCorrelation([1, 2], [5, 5])).toBeNull();
    expect(hitRate([1, 0], [0.5, 0.5])).toBeNull();
  });

  test('stay finite for a probability of 0 of what happened', () => {
    expect(Array.from(logLosses([1, 0], [0, 1])).every(Number.isFinite)).toBe(true);
  });

  test('refuse rows that cannot be paired', () => {
    expect(() => auc([1], [0.5, 0.6])).toThrow('cannot be paired');
  });
});
