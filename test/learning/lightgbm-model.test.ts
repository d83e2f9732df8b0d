import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/models/small.json', import.meta.url), 'utf8'),
) as {
  model: string;
  rows: (number | null)[][];
  raw: number[];
  probability: number[];
};

/** One tree on one feature: at most 0.5 goes left to 1, above it right to 2. */
const stump = (decision: number, extra: Record<string, string> = {}): string => {
  const head: Record<string, string> = {
    version: 'v4',
    num_class: '1',
    num_tree_per_iteration: '1',
    max_feature_idx: '0',
    objective: 'regression',
    feature_names: 'x',
    tree_sizes: '1',
    ...extra,
  };
  const tree: Record<string, string> = {
    num_leaves: '2',
    num_cat: '0',
    split_feature: '0',
    split_gain: '3',
    threshold: '0.5',
    decision_type: String(decision),
    left_child: '-1',
    right_child: '-2',
    leaf_value: '1 2',
    is_linear: '0',
    ...extra,
  };
  const lines = (fields: Record<string, string>): string =>
    Object.entries(fields)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
  return `tree\n${lines(head)}\n\nTree=0\n${lines(tree)}\n\n\nend of trees\n\nparameters:\n`;
};

/** The same and another whose leaves are four times as large. */
const twoStumps = stump(0, { tree_sizes: '1 1' }).replace(
  /(Tree=0[^]*?)\n\n\n/,
  (_, tree: string) => `${tree}\n\n${tree.replace('Tree=0', 'Tree=1').replace('1 2', '4 8')}\n\n\n`,
);

/** A forest that was saved before its first round. */
const NO_TREES = stump(0, { tree_sizes: '' })
  .replace('\nfeature_names', '\naverage_output\nfeature_names')
  .replace(/Tree=0[^]*?\n\n\n/, '');

const outcomes = (decision: number): number[] => {
  const model = parseLightgbmModel(stump(decision));
  return [0, 1, 1e-36, NaN].map((x) => model.predict([x]));
};

describe('a LightGBM model read from its text', () => {
  test('predicts what LightGBM predicts, missing values included', () => {
    const model = parseLightgbmModel(fixture.model);
    expect(fixture.rows.some((row) => row.includes(null))).toBe(true);
    expect(fixture.rows.map((row) => model.predictRaw(row))).toEqual(fixture.raw);
    for (const [i, row] of fixture.rows.entries()) {
      expect(Math.abs(model.predict(row) - fixture.probability[i]!)).toBeLessThan(1e-12);
    }
  });

  test('takes a typed array with NaN as it takes an array with null', () => {
    const model = parseLightgbmModel(fixture.model);
    for (const row of fixture.rows) {
      const typed = Float64Array.from(row, (value) => value ?? NaN);
      expect(model.predictRaw(typed)).toBe(model.predictRaw(row));
    }
  });

  test('knows names, trees and gains', () => {
    const model = parseLightgbmModel(fixture.model);
    expect(model.featureNames).toEqual(['a', 'b', 'c', 'd']);
    expect(model.trees).toBe(12);
    expect(model.gains[3]!).toBeLessThan(model.gains[0]!);
  });

  // Bits of decision_type: 2 default left; missing type none 0, zero 4, NaN 8.
  test.each([
    ['none', 0, [1, 2, 1, 1]],
    ['zero, by default right', 4, [2, 2, 2, 2]],
    ['zero, by default left', 6, [1, 2, 1, 1]],
    ['NaN, by default right', 8, [1, 2, 1, 2]],
    ['NaN, by default left', 10, [1, 2, 1, 1]],
  ])('sends 0, 1, almost 0 and NaN where missing type %s says', (_, decision, expected) => {
    expect(outcomes(decision)).toEqual(expected);
  });

  test('sends a value equal to the threshold to the left', () => {
    expect(parseLightgbmModel(stump(0)).predict([0.5])).toBe(1);
  });

  test('parts the missing values from all others where the threshold is infinite', () => {
    const model = parseLightgbmModel(stump(8, { threshold: 'inf' }));
    expect([-1e300, 0, 1e300, NaN].map((x) => model.predict([x]))).toEqual([1, 1, 1, 2]);
  });

  test('holds a tree of a single leaf', () => {
    const text = stump(0, { num_leaves: '1', leaf_value: '0.25' });
    expect(parseLightgbmModel(text).predict([7])).toBe(0.25);
  });

  test('takes the mean of the trees of a random forest', () => {
    const forest = twoStumps.replace('\nfeature_names', '\naverage_output\nfeature_names');
    const at = (text: string): number[] => [0, 1].map((x) => parseLightgbmModel(text).predict([x]));
    expect(at(twoStumps)).toEqual([1 + 4, 2 + 8]);
    expect(at(forest)).toEqual([2.5, 5]);
    expect(at(forest.replaceAll('\n', '\r\n'))).toEqual([2.5, 5]);
  });

  test.each([
    ['not the text', 'hello'],
    ['of format "v9"', stump(0, { version: 'v9' })],
    ['several classes', stump(0, { num_class: '3' })],
    ['splits by category', stump(1)],
    ['splits by category', stump(0, { num_cat: '1' })],
    ['linear leaves', stump(0, { is_linear: '1' })],
    ['objective "poisson"', stump(0, { objective: 'poisson' })],
    ['objective "regression sqrt"', stump(0, { objective: 'regression sqrt' })],
    ['is not among', stump(0, { split_feature: '5' })],
    ['threshold should be 1 numbers', stump(0, { threshold: '' })],
    ['has no child', stump(0, { left_child: '0' })],
    ['forest without trees', NO_TREES],
    ['without feature_names', stump(0).replace('feature_names', 'names')],
    ['of 2 trees holds 1', stump(0, { tree_sizes: '1 1' })],
    ['ends before its trees do', stump(0).replace('end of trees', '')],
  ])('refuses what it cannot evaluate: %s', (message, text) => {
    expect(() => parseLightgbmModel(text)).toThrow(message);
  });

  test('refuses a row of another length', () => {
    expect(() => parseLightgbmModel(stump(0)).predict([1, 2])).toThrow('a row of 2 values');
  });
});
