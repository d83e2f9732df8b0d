import { beforeAll, describe, expect, test } from 'vitest';
import type { Lightgbm } from '../../src/models/lightgbm.ts';
import { must } from '../../src/assert.ts';
import { averageModels } from '../../src/learning/seed-ensemble.ts';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { testLightgbm } from '../support/lightgbm.ts';

const ROWS = 2_000;
const COLUMNS = 4;
const random = seededRandom(5);
const values = Float64Array.from({ length: ROWS * COLUMNS }, () =>
  random() < 0.1 ? NaN : gaussian(random),
);
const matrix = { rows: ROWS, columns: COLUMNS, values };
const labels = Float32Array.from({ length: ROWS }, (_, row) =>
  (values[row * COLUMNS] ?? 0) + gaussian(random) > 0 ? 1 : 0,
);

let library: Lightgbm;
let texts: string[];
const NAMES = ['a', 'b', 'c', 'd'];
const trained = (seed: number, names = NAMES, more = {}): string =>
  library.train({
    ...{ matrix, labels, featureNames: names, rounds: 9 + seed, seed },
    params: { objective: 'binary', num_leaves: 6, bagging_freq: 1, bagging_fraction: 0.5, ...more },
  });
const forest = (seed: number): string => trained(seed, NAMES, { boosting: 'rf' });
beforeAll(() => {
  library = testLightgbm();
  texts = [1, 2, 3].map((seed) => trained(seed));
}, 180_000);

/** In LightGBM and here, of every row. */
function expectMean(ensemble: string, scores: readonly Float64Array[]): void {
  const there = library.predict(ensemble, matrix, 'raw');
  const here = parseLightgbmModel(ensemble);
  for (let row = 0; row < ROWS; row++) {
    const mean = scores.reduce((sum, each) => sum + must(each[row]), 0) / scores.length;
    expect(Math.abs(must(there[row]) - mean)).toBeLessThan(1e-12);
    const own = values.subarray(row * COLUMNS, (row + 1) * COLUMNS);
    expect(Math.abs(here.predictRaw(own) - mean)).toBeLessThan(1e-12);
  }
}

describe('the mean of several LightGBM models', () => {
  test('scores the mean of their raw scores, in LightGBM and here', () => {
    const ensemble = averageModels(texts);
    const scores = texts.map((text) => library.predict(text, matrix, 'raw'));
    expect(parseLightgbmModel(ensemble).trees).toBe(10 + 11 + 12);
    expect(new Set(scores.map((each) => each[0])).size).toBe(3);
    expectMean(ensemble, scores);
  });

  test('scores the mean of their raw scores, where some are forests and others boosted', () => {
    const members = [...texts.slice(0, 2), forest(4), forest(5)];
    const [, , wood] = members.map(parseLightgbmModel);
    const scores = members.map((text, i) => {
      // LightGBM's own raw score of a forest is the sum of its trees.
      const trees = i < 2 ? 1 : 9 + i + 2;
      return library.predict(text, matrix, 'raw').map((score) => score / trees);
    });
    expect(must(wood).trees).toBe(9 + 4);
    for (const order of [members, members.toReversed()]) {
      const ensemble = averageModels(order);
      expect(ensemble).not.toContain('average_output');
      expectMean(ensemble, scores);
    }
  });

  test('has the gain of all their trees', () => {
    const members = [must(texts[0]), forest(4)];
    const [boosted, wood] = members.map((text) => parseLightgbmModel(text).gains);
    const { gains } = parseLightgbmModel(averageModels(members));
    for (const [i, gain] of gains.entries()) {
      expect(gain).toBeCloseTo(must(must(boosted)[i]) + must(must(wood)[i]), 6);
    }
  });

  test('states the size of each tree, which LightGBM cuts by', () => {
    const ensemble = averageModels([forest(4), ...texts]);
    const sizes = must(/^tree_sizes=(.*)$/m.exec(ensemble))[1]!
      .split(' ')
      .map(Number);
    let at = ensemble.indexOf('Tree=0');
    for (const [number, size] of sizes.entries()) {
      expect(ensemble.slice(at, at + 20)).toMatch(new RegExp(`^Tree=${number}\n`));
      at += size;
    }
    expect(ensemble.slice(at, at + 12)).toBe('end of trees');
  });

  test('is the model itself of one, and of none or of mismatches an error', () => {
    expect(averageModels([texts[0]!])).toBe(texts[0]);
    expect(() => averageModels([])).toThrow('a model to take the mean of');
    expect(() => averageModels([texts[0]!, trained(1, ['a', 'b', 'c', 'x'])])).toThrow(
      'models of other features',
    );
    const other = trained(1, NAMES, { objective: 'regression', boosting: 'rf' });
    expect(() => averageModels([texts[0]!, other])).toThrow('or another objective');
    expect(() => averageModels(['x', 'y'])).toThrow('not the text of a LightGBM model');
  });
});
