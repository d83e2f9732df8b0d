import { describe, expect, test } from 'vitest';
import { recencyWeights } from '../../src/learning/recency.ts';
import { trainFold, type TrainingRow } from '../../src/learning/train-fold.ts';

const DAY_US = 86_400e6;
const days = (...ages: number[]): Float64Array => Float64Array.from(ages, (age) => -age * DAY_US);

describe('recency weights', () => {
  test('halve with every half-life behind the newest row', () => {
    const weights = recencyWeights(days(60, 30, 0), 30);
    expect(weights[1]! / weights[2]!).toBeCloseTo(0.5, 6);
    expect(weights[0]! / weights[2]!).toBeCloseTo(0.25, 6);
  });

  test('have a mean of 1, and are all 1 without a half-life', () => {
    const weights = recencyWeights(days(90, 45, 10, 3, 0), 30);
    expect(weights.reduce((sum, weight) => sum + weight, 0) / 5).toBeCloseTo(1, 6);
    expect([...recencyWeights(days(90, 0), null)]).toEqual([1, 1]);
  });

  test('are refused for a half-life that is none', () => {
    expect(() => recencyWeights(days(1, 0), 0)).toThrow('a half-life of 0 days');
  });

  test('reach the trainer, the base rate and the mean return', () => {
    const rows = [60, 30, 0].map((age, i): TrainingRow => ({
      decidedTs: -age * DAY_US,
      labelEndTs: -age * DAY_US + 1,
      values: [i],
      up: i === 2 ? 1 : 0,
      forwardReturn: i === 2 ? 0.01 : 0,
      championProbability: null,
      championReturn: null,
    }));
    const seen: number[][] = [];
    const trainer = {
      version: 'none',
      train: ({ weights }: { weights?: Float32Array | undefined }): string => {
        seen.push([...(weights ?? [])]);
        return '';
      },
    };
    const settings = { trainer, params: {}, rounds: 1, seed: 1, halfLifeDays: 30 };
    const models = trainFold(rows, Uint32Array.of(0, 1, 2), ['f'], settings);
    const expected = [...recencyWeights(days(60, 30, 0), 30)];
    expect(seen).toEqual([expected, expected]);
    // 4 of 7 parts of the weight, and a row of each outcome.
    expect(models.baseRate).toBeCloseTo(((4 / 7) * 3 + 1) / 5, 6);
    expect(models.meanReturn).toBeCloseTo((0.01 * 4) / 7, 8);
  });
});
