import { describe, expect, test } from 'vitest';
import type { FoldPrediction } from '../../src/learning/fold-report.ts';
import { chooseParams, type Searched } from '../../src/learning/search.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

const MIN_US = 60e6;
const HORIZON_US = 60 * MIN_US;

/** Two folds of a candidate whose scores know the hour's outcome by `edge`. */
function folds(edge: number, seed = 1): { prediction: FoldPrediction }[] {
  const outcomes = seededRandom(99);
  const random = seededRandom(seed);
  return [0, 1].map((fold) => {
    const rows = 1500;
    const hours = Array.from({ length: rows / 60 }, () => (outcomes() < 0.5 ? 1 : 0));
    const up = Float64Array.from({ length: rows }, (_, i) => hours[Math.floor(i / 60)]!);
    const score = up.map((each) => edge * (each - 0.5) + 0.3 * gaussian(random));
    return {
      prediction: {
        decidedTs: up.map((_, i) => (fold * rows + i) * MIN_US),
        up,
        realised: up.map((each) => (each - 0.5) / 100),
        directionScore: score,
        returnScore: score.map((each) => each / 100),
        championProbability: up.map(() => 0.5),
        championReturn: up.map(() => 0),
        ...{ baseRate: 0.5, baseLogOdds: 0, meanReturn: 0 },
      },
    };
  });
}

const among = (...edges: number[]): Searched<{ prediction: FoldPrediction }>[] =>
  edges.map((edge, i) => ({ candidate: { name: `c${i}`, params: { i } }, folds: folds(edge, i) }));

describe('the search', () => {
  test.each(['direction', 'return'] as const)('takes what is better, by %s', (target) => {
    const { chosen, table } = chooseParams(among(0.1, 1.5, 0.2), target, HORIZON_US);
    expect(chosen.candidate.name).toBe('c1');
    expect(table.map((row) => row.chosen)).toEqual([false, true, false]);
    expect(table[1]!.behind_best).toBe(0);
    expect(table[0]!.behind_best).toBeGreaterThan(table[0]!.standard_error!);
    expect(table[0]!.mean_loss - table[1]!.mean_loss).toBeCloseTo(table[0]!.behind_best, 12);
  });

  test('takes the simplest of those that do not differ', () => {
    const [one] = among(1);
    const same = [0, 1, 2].map((i) => ({ ...one!, candidate: { name: `c${i}`, params: {} } }));
    expect(chooseParams(same, 'direction', HORIZON_US).chosen.candidate.name).toBe('c0');
  });

  test('takes the simplest where scores speak against what happened: all say the base rate', () => {
    const { chosen, table } = chooseParams(among(-1, -0.5, -2), 'direction', HORIZON_US);
    expect(chosen.candidate.name).toBe('c0');
    expect(new Set(table.map((row) => row.mean_loss)).size).toBe(1);
  });

  test('takes the simplest within one standard error of the best', () => {
    const { chosen, table } = chooseParams(among(1, 1.01), 'direction', HORIZON_US);
    expect(Math.abs(table[0]!.behind_best)).toBeLessThan(table[0]!.standard_error ?? Infinity);
    expect(chosen.candidate.name).toBe('c0');
  });

  test('takes the first without folds, and has no table', () => {
    const none = among(1, 2).map((each) => Object.assign(each, { folds: [] }));
    const { chosen, table } = chooseParams(none, 'direction', HORIZON_US);
    expect([chosen.candidate.name, table]).toEqual(['c0', []]);
  });
});
