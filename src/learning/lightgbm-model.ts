/**
 * LightGBM's text model -> its prediction for one row.
 *
 * Equal to LightGBM's own prediction bit by bit in what its objective transforms, and within one
 * rounding of `exp` behind the sigmoid. What it cannot evaluate (categories, linear leaves, several
 * classes, other objectives) it refuses when the model is parsed, never by a wrong number later.
 */
import { must } from '../assert.ts';
import { forestSum, type Missing, type Node, type Row } from './forest.ts';

export interface LightgbmModel {
  readonly featureNames: readonly string[];
  readonly objective: string;
  readonly trees: number;
  /** Sum of the split gains by feature, in the order of `featureNames`: LightGBM's `gain`. */
  readonly gains: Float64Array;
  /**
   * Log-odds of a binary model, the estimate itself of a regression: the sum over the trees, of a
   * random forest their mean (LightGBM's own raw score is the sum there too, and the mean is taken
   * before its transform).
   */
  predictRaw(row: Row): number;
  /** The raw score behind the objective's transform: a probability of a binary model. */
  predict(row: Row): number;
}

const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const MISSING_SHIFT = 2;
const MISSING_MASK = 3;
const MISSING_ZERO = 1;
const MISSING_NAN = 2;

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
  const transform = transformOf(objective);
  const roots = trees.map((tree, index) => rootOf(tree, index, columns));
  const sum = forestSum(roots, columns);
  const predictRaw = isForest(head) ? (row: Row) => sum(row) / roots.length : sum;
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
  if (isForest(head) && (header.get('tree_sizes') ?? '') === '') {
    throw new Error('a LightGBM random forest without trees, whose mean would be no number');
  }
}

/** The line by which LightGBM says that the mean of the trees counts, as in a random forest. */
const AVERAGE_OUTPUT = /^average_output\r?$/m;

/** Of a text's head, which is all in front of its first tree. */
export const isForest = (head: string): boolean => AVERAGE_OUTPUT.test(head);

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

function rootOf(tree: Fields, index: number, columns: number): Node {
  const problem = (what: string): Error => new Error(`tree ${index} of a LightGBM model: ${what}`);
  if (tree.get('num_cat') !== '0') throw problem('splits by category are not understood');
  if ((tree.get('is_linear') ?? '0') !== '0') throw problem('linear leaves are not understood');
  const leafCount = countLeaves(tree);
  const read = (name: string, count: number): number[] => {
    const words = count === 0 ? [] : field(tree, name).trim().split(/ +/);
    const numbers = words.map(numberOf);
    if (numbers.length !== count || numbers.some(Number.isNaN)) {
      throw problem(`${name} should be ${count} numbers`);
    }
    return numbers;
  };
  const leaves = read('leaf_value', leafCount);
  const [features = [], decisions = [], thresholds = [], lefts = [], rights = []] = [
    'split_feature',
    'decision_type',
    'threshold',
    'left_child',
    'right_child',
  ].map((name) => read(name, leafCount - 1));
  if (features.some((feature) => !(feature >= 0 && feature < columns))) {
    throw problem(`split_feature names a feature that is not among ${columns}`);
  }
  if (decisions.some((bits) => (bits & CATEGORICAL) !== 0)) {
    throw problem('splits by category are not understood');
  }
  const child = (at: number, place: number): Node => {
    // LightGBM numbers a node after its parent; so a walk through the tree comes to its end.
    const isKnown = place < 0 ? ~place < leafCount : place > at && place < leafCount - 1;
    if (!isKnown) throw problem(`node ${at} has no child ${place}`);
    return place < 0 ? leaves[~place]! : split(place);
  };
  const split = (at: number): Node => ({
    feature: features[at]!,
    threshold: thresholds[at]!,
    missing: missingOf(decisions[at]!),
    left: child(at, lefts[at]!),
    right: child(at, rights[at]!),
  });
  // A tree that found no split is one leaf and has no nodes.
  return leafCount === 1 ? leaves[0]! : split(0);
}

/** A value that is missing goes the way that training learnt where the node knows such values. */
function missingOf(bits: number): Missing {
  const isLeft = (bits & DEFAULT_LEFT) !== 0;
  const kind = (bits >> MISSING_SHIFT) & MISSING_MASK;
  if (kind === MISSING_NAN) return isLeft ? 'goes left' : 'goes right';
  if (kind === MISSING_ZERO) return isLeft ? 'zero too, left' : 'zero too, right';
  return 'is zero';
}

/** `inf` is the threshold of a split that parts the missing values from all others. */
function numberOf(word: string): number {
  if (word === 'inf') return Infinity;
  if (word === '-inf') return -Infinity;
  return word === '' ? NaN : Number(word);
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
