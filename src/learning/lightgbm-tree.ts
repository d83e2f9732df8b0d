/**
 * One tree of LightGBM's text -> its root, and nothing but a tree: each node and each leaf is the
 * child of one node alone, every number is one, every index is within its bounds. A file may be
 * anybody's, so what it says is checked before it is followed.
 */
import { quoted } from '../domain/quoted.ts';
import type { Missing, Node } from './forest.ts';

export type Fields = ReadonlyMap<string, string>;

/** What is read of a model's head and of its trees; whatever else a file holds is not kept. */
const READ = new Set([
  'version',
  'num_class',
  'num_tree_per_iteration',
  'max_feature_idx',
  'objective',
  'feature_names',
  'tree_sizes',
  'num_leaves',
  'num_cat',
  'is_linear',
  'split_feature',
  'split_gain',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
]);

/** The lines `name=value` of a block. */
export function parseFields(block: string): Fields {
  const fields = new Map<string, string>();
  let equals = -1;
  for (let start = 0; start < block.length;) {
    const found = block.indexOf('\n', start);
    const end = found < 0 ? block.length : found;
    // Looked for once and not once a line: a block may have millions of lines without one.
    if (equals < start) equals = block.indexOf('=', start);
    if (equals < 0) break;
    if (equals < end) {
      const name = block.slice(start, equals);
      if (READ.has(name)) fields.set(name, block.slice(equals + 1, end).replace(/\r$/, ''));
    }
    start = end + 1;
  }
  return fields;
}

/** Throws an error that names the field that is not there. */
export function field(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw new Error(`a LightGBM model without ${name}`);
  return value;
}

export interface Tree {
  readonly root: Node;
  /** By node: which feature it compares, and what that gained. */
  readonly features: readonly number[];
  readonly gains: readonly number[];
  /** The largest that a leaf adds to the score, either way. */
  readonly reach: number;
}

const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const MISSING_SHIFT = 2;
const MISSING_MASK = 3;
const MISSING_ZERO = 1;
const MISSING_NAN = 2;
const DECISION_BITS = 15;

/** Throws an error that names the tree and what is wrong with it. */
export function parseTree(tree: Fields, index: number, columns: number): Tree {
  const problem = (what: string): Error => new Error(`tree ${index} of a LightGBM model: ${what}`);
  if (tree.get('num_cat') !== '0') throw problem('splits by category are not understood');
  if ((tree.get('is_linear') ?? '0') !== '0') throw problem('linear leaves are not understood');
  const leafText = field(tree, 'num_leaves');
  const leafCount = Number(leafText);
  if (!Number.isSafeInteger(leafCount) || leafCount < 1) {
    throw problem(`num_leaves is ${quoted(leafText)}, not a count of leaves`);
  }
  const read = (name: string, count: number): number[] => {
    const words =
      count === 0
        ? []
        : field(tree, name)
            .trim()
            .split(/ +/, count + 1);
    const numbers = words.map(parseNumber);
    if (numbers.length !== count || numbers.some(Number.isNaN)) {
      throw problem(`${name} should be ${count} numbers`);
    }
    return numbers;
  };
  const leaves = read('leaf_value', leafCount);
  if (!leaves.every(Number.isFinite)) throw problem('leaf_value has a leaf without end');
  const [features = [], decisions = [], thresholds = [], lefts = [], rights = []] = [
    'split_feature',
    'decision_type',
    'threshold',
    'left_child',
    'right_child',
  ].map((name) => read(name, leafCount - 1));
  const isFeature = (at: number): boolean => Number.isInteger(at) && at >= 0 && at < columns;
  if (!features.every(isFeature)) {
    throw problem(`split_feature names a feature that is not among ${columns}`);
  }
  if (decisions.some((bits) => (bits & CATEGORICAL) !== 0)) {
    throw problem('splits by category are not understood');
  }
  if (!decisions.every((bits) => Number.isInteger(bits) && bits >= 0 && bits <= DECISION_BITS)) {
    throw problem('decision_type has a number that LightGBM does not write');
  }
  const place = placing(leafCount, problem);
  const nodes: Node[] = [];
  // LightGBM numbers a node after its parent: so from the last to the first its children are there.
  for (let at = leafCount - 2; at >= 0; at--) {
    const child = (number: number): Node => {
      const found = place(at, number);
      return found < 0 ? leaves[-found - 1]! : nodes[found]!;
    };
    nodes[at] = {
      feature: features[at]!,
      threshold: thresholds[at]!,
      missing: parseMissing(decisions[at]!),
      left: child(lefts[at]!),
      right: child(rights[at]!),
    };
  }
  const gains = parseGains(tree, leafCount - 1);
  const reach = leaves.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // A tree that found no split is one leaf and has no nodes.
  return { root: nodes[0] ?? leaves[0]!, features, gains, reach };
}

/** Checks children as they are met: below 0 a leaf, else a node behind its parent; each once. */
function placing(
  leafCount: number,
  problem: (what: string) => Error,
): (at: number, number: number) => number {
  const nodesSeen = new Uint8Array(leafCount);
  const leavesSeen = new Uint8Array(leafCount);
  return (at, number) => {
    const isLeaf = number < 0;
    const isKnown =
      Number.isInteger(number) &&
      (isLeaf ? -number <= leafCount : number > at && number < leafCount - 1);
    if (!isKnown) throw problem(`node ${at} has no child ${number}`);
    const seen = isLeaf ? leavesSeen : nodesSeen;
    const index = isLeaf ? -number - 1 : number;
    if (seen[index] === 1) {
      throw problem(`${isLeaf ? 'leaf' : 'node'} ${index} is the child of two nodes: no tree`);
    }
    seen[index] = 1;
    return number;
  };
}

/** A value that is missing goes the way that training learnt where the node knows such values. */
function parseMissing(bits: number): Missing {
  const isLeft = (bits & DEFAULT_LEFT) !== 0;
  const kind = (bits >> MISSING_SHIFT) & MISSING_MASK;
  if (kind === MISSING_NAN) return isLeft ? 'goes left' : 'goes right';
  if (kind === MISSING_ZERO) return isLeft ? 'zero too, left' : 'zero too, right';
  return 'is zero';
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** `inf` is the threshold of a split that parts the missing values from all others. */
function parseNumber(word: string): number {
  if (word === 'inf') return Infinity;
  if (word === '-inf') return -Infinity;
  return NUMBER.test(word) ? Number(word) : NaN;
}

/** They decide nothing, so a gain that is no number is none. */
function parseGains(tree: Fields, count: number): number[] {
  if (count === 0) return [];
  const words = field(tree, 'split_gain').split(' ', count).map(Number);
  return Array.from({ length: count }, (_, at) => words[at] ?? 0);
}
