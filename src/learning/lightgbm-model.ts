/**
 * LightGBM's text model as flat typed arrays, and its prediction for one row without allocation.
 *
 * Equal to LightGBM's own prediction bit by bit in the raw score, and within one rounding of `exp`
 * behind the sigmoid. What it cannot evaluate (categories, linear leaves, several classes, other
 * objectives) it refuses when the model is parsed, never by a wrong number later.
 */
import { must } from '../assert.ts';

export interface LightgbmModel {
  readonly featureNames: readonly string[];
  readonly objective: string;
  readonly trees: number;
  /** Sum of the split gains by feature, in the order of `featureNames`: LightGBM's `gain`. */
  readonly gains: Float64Array;
  /** The sum over the trees: log-odds of a binary model, the estimate itself of a regression. */
  predictRaw(row: Row): number;
  /** The raw score behind the objective's transform: a probability of a binary model. */
  predict(row: Row): number;
}

/** Values in the order of the model's features; null and NaN: no value. */
export type Row = Float64Array | readonly (number | null)[];

/** A C `float` in LightGBM, hence rounded to one. Values up to it count as zero. */
const ZERO_THRESHOLD = Math.fround(1e-35);

const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const MISSING_SHIFT = 2;
const MISSING_MASK = 3;
const MISSING_ZERO = 1;
const MISSING_NAN = 2;

/** Nodes of all trees one behind the other. A child below zero is the leaf of its complement. */
interface Forest {
  /** The first node of each tree, or the complement of its only leaf. */
  roots: Int32Array;
  feature: Int32Array;
  threshold: Float64Array;
  decision: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  leaves: Float64Array;
}

type Fields = ReadonlyMap<string, string>;

/** Parses the text that LightGBM saves. Throws an error that says what it met and expected. */
export function parseLightgbmModel(text: string): LightgbmModel {
  const [head = '', ...blocks] = text.split(/\r?\n\r?\n(?=Tree=)/);
  const header = fieldsOf(head);
  checkHeader(head, header);
  const featureNames = field(header, 'feature_names').split(' ');
  const columns = Number(field(header, 'max_feature_idx')) + 1;
  if (featureNames.length !== columns) {
    throw new Error(`a LightGBM model of ${columns} features names ${featureNames.length}`);
  }
  if (!text.includes('\nend of trees'))
    throw new Error('a LightGBM model ends before its trees do');
  const trees = blocks.map((block) => fieldsOf(block.split('\nend of trees')[0] ?? ''));
  const sizes = (header.get('tree_sizes') ?? '').split(' ').filter((size) => size !== '');
  if (sizes.length !== trees.length) {
    throw new Error(`a LightGBM model of ${sizes.length} trees holds ${trees.length}`);
  }
  const objective = header.get('objective') ?? 'none';
  const forest = forestOf(trees, columns);
  const values = new Float64Array(columns);
  const transform = transformOf(objective);
  const predictRaw = (row: Row): number => sumOfLeaves(forest, values, row);
  return {
    featureNames,
    objective,
    trees: trees.length,
    gains: gainsOf(trees, columns),
    predictRaw,
    predict: (row) => transform(predictRaw(row)),
  };
}

function fieldsOf(block: string): Fields {
  const pairs = block.split(/\r?\n/).flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
  });
  return new Map(pairs);
}

function field(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw new Error(`a LightGBM model without ${name}`);
  return value;
}

function checkHeader(head: string, header: Fields): void {
  if (!/^tree\r?\n/.test(head)) throw new Error('not the text of a LightGBM model');
  const version = field(header, 'version');
  if (version !== 'v3' && version !== 'v4') {
    throw new Error(`a LightGBM model of format ${version}; v3 and v4 are understood`);
  }
  if (field(header, 'num_class') !== '1' || field(header, 'num_tree_per_iteration') !== '1') {
    throw new Error('a LightGBM model of several classes; one score a row is understood');
  }
  if (/^average_output$/m.test(head)) {
    throw new Error('a LightGBM random forest; boosted trees (gbdt) are understood');
  }
}

/** Objectives whose prediction is the raw score itself. */
const IDENTITIES = new Set([
  'none',
  'regression',
  'regression_l1',
  'huber',
  'fair',
  'quantile',
  'mape',
]);

function transformOf(objective: string): (raw: number) => number {
  const [name = '', ...options] = objective.split(' ');
  if (IDENTITIES.has(name) && !options.includes('sqrt')) return (raw) => raw;
  if (name === 'cross_entropy') return (raw) => 1 / (1 + Math.exp(-raw));
  if (name !== 'binary') {
    throw new Error(`a LightGBM model with objective "${objective}"; binary and regression work`);
  }
  const given = options.find((option) => option.startsWith('sigmoid:'));
  const slope = given === undefined ? 1 : Number(given.slice('sigmoid:'.length));
  if (!(slope > 0)) throw new Error(`a LightGBM model with objective "${objective}"`);
  return (raw) => 1 / (1 + Math.exp(-slope * raw));
}

const countLeaves = (tree: Fields): number => Number(field(tree, 'num_leaves'));

function forestOf(trees: readonly Fields[], columns: number): Forest {
  const leafCount = trees.reduce((sum, tree) => sum + countLeaves(tree), 0);
  const nodeCount = leafCount - trees.length;
  const forest: Forest = {
    roots: new Int32Array(trees.length),
    feature: new Int32Array(nodeCount),
    threshold: new Float64Array(nodeCount),
    decision: new Uint8Array(nodeCount),
    left: new Int32Array(nodeCount),
    right: new Int32Array(nodeCount),
    leaves: new Float64Array(leafCount),
  };
  let node = 0;
  let leaf = 0;
  for (const [index, tree] of trees.entries()) {
    const count = countLeaves(tree);
    addTree(forest, tree, index, node, leaf, columns);
    node += count - 1;
    leaf += count;
  }
  return forest;
}

function addTree(
  forest: Forest,
  tree: Fields,
  index: number,
  firstNode: number,
  firstLeaf: number,
  columns: number,
): void {
  const problem = (what: string): Error => new Error(`tree ${index} of a LightGBM model: ${what}`);
  if (tree.get('num_cat') !== '0') throw problem('splits by category are not understood');
  if ((tree.get('is_linear') ?? '0') !== '0') throw problem('linear leaves are not understood');
  const leaves = countLeaves(tree);
  const read = (name: string, count: number): number[] => {
    const words = count === 0 ? [] : field(tree, name).trim().split(/ +/);
    const numbers = words.map((word) => (word === '' ? NaN : Number(word)));
    if (numbers.length !== count || numbers.some(Number.isNaN)) {
      throw problem(`${name} should be ${count} numbers`);
    }
    return numbers;
  };
  forest.leaves.set(read('leaf_value', leaves), firstLeaf);
  // A tree that found no split is one leaf and has no nodes.
  forest.roots[index] = leaves === 1 ? ~firstLeaf : firstNode;
  const features = read('split_feature', leaves - 1);
  const decisions = read('decision_type', leaves - 1);
  if (features.some((feature) => !(feature >= 0 && feature < columns))) {
    throw problem(`split_feature names a feature that is not among ${columns}`);
  }
  if (decisions.some((bits) => (bits & CATEGORICAL) !== 0)) {
    throw problem('splits by category are not understood');
  }
  forest.feature.set(features, firstNode);
  forest.decision.set(decisions, firstNode);
  forest.threshold.set(read('threshold', leaves - 1), firstNode);
  const place = (children: number[]): number[] =>
    children.map((child, at) => {
      // LightGBM numbers a node after its parent; so a walk through the tree comes to its end.
      const known = child < 0 ? ~child < leaves : child > at && child < leaves - 1;
      if (!known) throw problem(`node ${at} has no child ${child}`);
      return child < 0 ? ~(~child + firstLeaf) : child + firstNode;
    });
  forest.left.set(place(read('left_child', leaves - 1)), firstNode);
  forest.right.set(place(read('right_child', leaves - 1)), firstNode);
}

function gainsOf(trees: readonly Fields[], columns: number): Float64Array {
  const gains = new Float64Array(columns);
  for (const tree of trees) {
    if (countLeaves(tree) === 1) continue;
    const split = field(tree, 'split_gain').split(' ').map(Number);
    for (const [at, feature] of field(tree, 'split_feature').split(' ').map(Number).entries()) {
      gains[feature] = must(gains[feature], 'a feature of the model') + (split[at] ?? 0);
    }
  }
  return gains;
}

/**
 * Decides as LightGBM's `Tree::NumericalDecision` does: a missing value goes the way that training
 * learnt where the node knows missing values, and counts as zero where it does not.
 */
function sumOfLeaves(forest: Forest, values: Float64Array, row: Row): number {
  if (row.length !== values.length) {
    throw new RangeError(`a row of ${row.length} values for a model of ${values.length} features`);
  }
  for (let i = 0; i < values.length; i++) {
    const value = row[i];
    values[i] = value === null || value === undefined ? NaN : value;
  }
  const { roots, feature, threshold, decision, left, right, leaves } = forest;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree++) {
    let node = roots[tree] as number;
    while (node >= 0) {
      let value = values[feature[node] as number] as number;
      const bits = decision[node] as number;
      const missing = (bits >> MISSING_SHIFT) & MISSING_MASK;
      if (value !== value && missing !== MISSING_NAN) value = 0;
      const isMissing =
        missing === MISSING_NAN ? value !== value : missing === MISSING_ZERO && isZero(value);
      const goesLeft = isMissing
        ? (bits & DEFAULT_LEFT) !== 0
        : value <= (threshold[node] as number);
      node = (goesLeft ? left[node] : right[node]) as number;
    }
    sum += leaves[~node] as number;
  }
  return sum;
}

const isZero = (value: number): boolean => value >= -ZERO_THRESHOLD && value <= ZERO_THRESHOLD;
