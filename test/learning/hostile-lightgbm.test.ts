/**
 * LightGBM's text from outside, as somebody writes it who means harm or whose disk did: refused
 * with a reason, in a time and a memory that the length of the text decides.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FOREST_LIMITS, forestSum, type Node } from '../../src/learning/forest.ts';
import { LIGHTGBM_LIMITS, parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';

interface TreeLines {
  readonly leaves: number;
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly more?: Readonly<Record<string, string>>;
}

const lines = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');

const repeated = (count: number, word: string): string => Array(count).fill(word).join(' ');

const treeText = ({ leaves, left, right, more = {} }: TreeLines): string =>
  lines({
    num_leaves: String(leaves),
    num_cat: '0',
    split_feature: repeated(leaves - 1, '0'),
    split_gain: repeated(leaves - 1, '1'),
    threshold: repeated(leaves - 1, '0.5'),
    decision_type: repeated(leaves - 1, '2'),
    left_child: left.join(' '),
    right_child: right.join(' '),
    leaf_value: repeated(leaves, '0.01'),
    is_linear: '0',
    ...more,
  });

function modelText(trees: readonly string[], head: Readonly<Record<string, string>> = {}): string {
  const header = lines({
    version: 'v4',
    num_class: '1',
    num_tree_per_iteration: '1',
    max_feature_idx: '0',
    objective: 'binary sigmoid:1',
    feature_names: 'x',
    tree_sizes: repeated(trees.length, '1'),
    ...head,
  });
  const blocks = trees.map((tree, i) => `Tree=${i}\n${tree}\n`);
  return `tree\n${header}\n\n${blocks.join('\n\n')}\n\nend of trees\n`;
}

/** Each node has the next one as both of its children: twice as many paths with each. */
const shared = (nodes: number): TreeLines => ({
  leaves: nodes + 1,
  left: Array.from({ length: nodes }, (_, i) => (i === nodes - 1 ? -1 : i + 1)),
  right: Array.from({ length: nodes }, (_, i) => (i === nodes - 1 ? -2 : i + 1)),
});

const chain = (nodes: number): TreeLines => ({
  leaves: nodes + 1,
  left: Array.from({ length: nodes }, (_, i) => -(i + 1)),
  right: Array.from({ length: nodes }, (_, i) => (i === nodes - 1 ? -(nodes + 1) : i + 1)),
});

const STUMP: TreeLines = { leaves: 2, left: [-1], right: [-2] };
const stump = (more: Readonly<Record<string, string>>): string =>
  modelText([treeText({ ...STUMP, more })]);

function refused(text: string): { readonly message: string; readonly seconds: number } {
  const startMs = performance.now();
  try {
    parseLightgbmModel(text);
  } catch (error) {
    const { message } = error as Error;
    return { message, seconds: (performance.now() - startMs) / 1_000 };
  }
  return { message: 'taken', seconds: (performance.now() - startMs) / 1_000 };
}

/** On a slow machine; what it guards against took a minute, or had no end. */
const SOON = 10;

describe('LightGBM text from outside', () => {
  test.each([8, 24, 400])('with %i nodes that share their children is refused', (nodes) => {
    const { message, seconds } = refused(modelText([treeText(shared(nodes))]));
    expect(message).toContain('is the child of two nodes: no tree');
    expect(seconds).toBeLessThan(SOON);
  });

  test('with a chain of 12 000 nodes is refused in words, and one of 1 000 is walked', () => {
    const { message, seconds } = refused(modelText([treeText(chain(12_000))]));
    expect(message).toContain('a tree deeper than 1000: train it with fewer');
    expect(seconds).toBeLessThan(SOON);
    const model = parseLightgbmModel(modelText([treeText(chain(FOREST_LIMITS.depth))]));
    expect(model.predictRaw([1])).toBe(0.01);
  });

  test('with more trees, steps or bytes than any training gives is refused', () => {
    const small = treeText(STUMP);
    const many = Array<string>(LIGHTGBM_LIMITS.trees + 1).fill(small);
    expect(refused(modelText(many)).message).toContain('more than 20000 trees');
    const deep = Array<string>(1_001).fill(treeText(chain(FOREST_LIMITS.depth)));
    expect(refused(modelText(deep)).message).toContain('takes more than 1000000 steps');
    const long = 'tree\n'.padEnd(LIGHTGBM_LIMITS.bytes + 1, ' ');
    expect(refused(long).message).toContain('up to 67108864 are taken');
  });

  test('of megabytes that say nothing is refused soon', () => {
    const size = 8 * 1024 * 1024;
    for (const filler of [
      '\n',
      ' ',
      '=',
      '=\n',
      '\r\n',
      'a\n',
      '\n\nTree=',
      '1 ',
      'end of trees',
    ]) {
      const text = `tree\nversion=v4\n${filler.repeat(size / filler.length)}\n=`;
      expect(refused(text).seconds, JSON.stringify(filler)).toBeLessThan(SOON);
    }
    const spaces = ' '.repeat(size);
    for (const name of ['tree_sizes', 'feature_names', 'objective', 'version']) {
      const { message, seconds } = refused(modelText([treeText(STUMP)], { [name]: spaces }));
      expect(message).toMatch(/^a LightGBM model/);
      expect(message.length).toBeLessThan(300);
      expect(seconds).toBeLessThan(SOON);
    }
  });

  test.each([
    [{ threshold: 'nan' }, 'threshold should be 1 numbers'],
    [{ threshold: '0x10' }, 'threshold should be 1 numbers'],
    [{ threshold: '1 2' }, 'threshold should be 1 numbers'],
    [{ leaf_value: '1 nan' }, 'leaf_value should be 2 numbers'],
    [{ leaf_value: '1 inf' }, 'a leaf without end'],
    [{ leaf_value: '1 1e999' }, 'a leaf without end'],
    [{ leaf_value: '1 1e308' }, 'which is no score'],
    [{ num_leaves: '3' }, 'leaf_value should be 3 numbers'],
    [{ num_leaves: '1000000000' }, 'leaf_value should be 1000000000 numbers'],
    [{ num_leaves: '-1' }, 'num_leaves is "-1", not a count'],
    [{ num_leaves: '0' }, 'num_leaves is "0", not a count'],
    [{ num_leaves: '1.5' }, 'num_leaves is "1.5", not a count'],
    [{ num_leaves: '1e400' }, 'not a count'],
    [{ split_feature: '1' }, 'is not among 1'],
    [{ split_feature: '-1' }, 'is not among 1'],
    [{ split_feature: '0.5' }, 'is not among 1'],
    [{ split_feature: '4294967296' }, 'is not among 1'],
    [{ left_child: '0.5' }, 'node 0 has no child 0.5'],
    [{ left_child: '-0.5' }, 'node 0 has no child -0.5'],
    [{ left_child: '-4294967297' }, 'node 0 has no child -4294967297'],
    [{ left_child: '-3' }, 'node 0 has no child -3'],
    [{ right_child: '-1' }, 'leaf 0 is the child of two nodes'],
    [{ decision_type: '2.5' }, 'decision_type has a number'],
    [{ decision_type: '64' }, 'decision_type has a number'],
  ])('with %j is refused', (more, reason) => {
    expect(refused(stump(more)).message).toContain(reason);
  });

  test.each([
    [{ max_feature_idx: '1e9' }, 'up to 10000 are taken'],
    [{ max_feature_idx: 'Infinity' }, 'up to 10000 are taken'],
    [{ max_feature_idx: 'NaN' }, 'of NaN features names 1'],
    [{ max_feature_idx: '-1' }, 'of 0 features names 1'],
    [{ objective: 'binary sigmoid:0' }, 'no such sigmoid'],
    [{ objective: 'binary sigmoid:Infinity' }, 'no such sigmoid'],
    [{ objective: 'binary sigmoid:NaN' }, 'no such sigmoid'],
  ])('with the head %j is refused', (head, reason) => {
    expect(refused(modelText([treeText(STUMP)], head)).message).toContain(reason);
  });

  test('that is cut short anywhere is refused with a reason, and soon', () => {
    const { model } = JSON.parse(
      readFileSync(new URL('../fixtures/models/small.json', import.meta.url), 'utf8'),
    ) as { model: string };
    const whole = model.slice(0, model.indexOf('end of trees'));
    for (let at = 0; at < whole.length; at += 7) {
      expect(refused(whole.slice(0, at)).message).toMatch(/LightGBM model/);
    }
  });
});

test('a forest of nodes that are met again and again is refused before it is laid out', () => {
  let root: Node = 1;
  for (let level = 0; level < 60; level++) {
    root = { feature: 0, threshold: 0, missing: 'is zero', left: root, right: root };
  }
  expect(() => forestSum([root], 1)).toThrow('more than 4000000 nodes');
});
