/**
 * LightGBM's text model -> its prediction for one row.
 *
 * Equal to LightGBM's own prediction bit by bit in what its objective transforms, and within one
 * rounding of `exp` behind the sigmoid. What it cannot evaluate (categories, linear leaves, several
 * classes, other objectives) it refuses when the model is parsed, never by a wrong number later.
 */
import { must } from '../assert.ts';
import { quoted } from '../domain/quoted.ts';
import { forestSum, type Row } from './forest.ts';
import { field, parseFields, parseTree, type Fields, type Tree } from './lightgbm-tree.ts';

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

/**
 * What a text may hold, far above what any training gives. Ours have hundreds of trees and less
 * than a megabyte.
 */
export const LIGHTGBM_LIMITS = { bytes: 64 * 1024 * 1024, trees: 20_000, columns: 10_000 } as const;

/** A score beyond it is no log-odds and no return, and sums of such have no end. */
const SCORE_MAX = 1e100;

/**
 * Parses the text that LightGBM saves. Throws an error that says what it met and expected; takes
 * time and memory by the length of the text, whatever it says.
 */
export function parseLightgbmModel(text: string): LightgbmModel {
  const { bytes, trees: most } = LIGHTGBM_LIMITS;
  if (text.length > bytes) {
    throw new Error(`a LightGBM model of ${text.length} bytes; up to ${bytes} are taken`);
  }
  const [head = '', ...blocks] = text.split(/\r?\n\r?\n(?=Tree=)/, most + 2);
  if (blocks.length > most) throw new Error(`a LightGBM model of more than ${most} trees`);
  const header = parseFields(head);
  checkHeader(head, header);
  const featureNames = parseNames(header);
  const columns = featureNames.length;
  if (!text.includes('\nend of trees'))
    throw new Error('a LightGBM model ends before its trees do');
  const fields = blocks.map((block) => parseFields(block.split('\nend of trees', 1)[0] ?? ''));
  checkSizes(header, fields.length);
  const objective = header.get('objective') ?? 'none';
  const transform = outputTransform(objective);
  const trees = fields.map((tree, index) => parseTree(tree, index, columns));
  checkReach(trees);
  const sum = forestSum(
    trees.map(({ root }) => root),
    columns,
  );
  const predictRaw = isForest(head) ? (row: Row) => sum(row) / trees.length : sum;
  return {
    featureNames,
    objective,
    trees: trees.length,
    gains: sumGains(trees, columns),
    predictRaw,
    predict: (row) => transform(predictRaw(row)),
  };
}

function parseNames(header: Fields): string[] {
  const columns = Number(field(header, 'max_feature_idx')) + 1;
  if (columns > LIGHTGBM_LIMITS.columns) {
    throw new Error(
      `a LightGBM model of ${columns} features; up to ${LIGHTGBM_LIMITS.columns} are taken`,
    );
  }
  const names = field(header, 'feature_names').split(' ', LIGHTGBM_LIMITS.columns + 1);
  if (names.length === columns) return names;
  throw new Error(`a LightGBM model of ${columns} features names ${names.length}`);
}

function checkSizes(header: Fields, trees: number): void {
  const sizes = (header.get('tree_sizes') ?? '').split(' ', 2 * LIGHTGBM_LIMITS.trees);
  const count = sizes.filter((size) => size !== '').length;
  if (count !== trees) throw new Error(`a LightGBM model of ${count} trees holds ${trees}`);
}

function checkReach(trees: readonly Tree[]): void {
  const reach = trees.reduce((sum, tree) => sum + tree.reach, 0);
  if (reach <= SCORE_MAX) return;
  throw new Error(`a LightGBM model whose leaves add up to ${reach}, which is no score`);
}

function checkHeader(head: string, header: Fields): void {
  if (!/^tree\r?\n/.test(head)) throw new Error('not the text of a LightGBM model');
  const version = field(header, 'version');
  if (version !== 'v3' && version !== 'v4') {
    throw new Error(`a LightGBM model of format ${quoted(version)}; v3 and v4 are understood`);
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

/** Of the objective's sigmoid; 1 where no other is given. */
const SLOPE_MAX = 1e6;

function outputTransform(objective: string): (raw: number) => number {
  const [name = '', ...options] = objective.split(' ');
  if (IDENTITIES.has(name) && !options.includes('sqrt')) return (raw) => raw;
  if (name === 'cross_entropy') return (raw) => 1 / (1 + Math.exp(-raw));
  if (name !== 'binary') {
    throw new Error(
      `a LightGBM model with objective ${quoted(objective)}; binary and regression work`,
    );
  }
  const given = options.find((option) => option.startsWith('sigmoid:'));
  const slope = given === undefined ? 1 : Number(given.slice('sigmoid:'.length));
  if (!(slope > 0 && slope <= SLOPE_MAX)) {
    throw new Error(`a LightGBM model with objective ${quoted(objective)}: no such sigmoid`);
  }
  return (raw) => 1 / (1 + Math.exp(-slope * raw));
}

function sumGains(trees: readonly Tree[], columns: number): Float64Array {
  const gains = new Float64Array(columns);
  for (const tree of trees) {
    for (const [at, feature] of tree.features.entries()) {
      gains[feature] = must(gains[feature], 'a feature of the model') + must(tree.gains[at]);
    }
  }
  return gains;
}
