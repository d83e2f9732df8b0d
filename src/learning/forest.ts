/**
 * The sum of decision trees for one row, without allocation and without a branch that depends on
 * the row: a processor guesses every other one of those wrong, and a wrong guess costs more than
 * the step itself. The outcome of a comparison is added to an index instead, and four trees are
 * walked at a time, because each step of one has to wait for the step before it.
 *
 * The two children of a node lie side by side, right before left. A leaf leads to itself, so that a
 * walk may take more steps than its tree is deep.
 */

export interface Split {
  readonly feature: number;
  /** Values up to it go left. */
  readonly threshold: number;
  readonly missing: Missing;
  readonly left: Node;
  readonly right: Node;
}

/** A split, or the value of a leaf. */
export type Node = Split | number;

/** What a node does with a value that is missing; the last two hold zero for missing as well. */
export type Missing = 'is zero' | 'goes left' | 'goes right' | 'zero too, left' | 'zero too, right';

/** Values in the order of the features; null and NaN: no value. */
export type Row = Float64Array | readonly (number | null)[];

/** A C `float` in LightGBM, hence rounded to one. Values up to it count as zero. */
const ZERO_THRESHOLD = Math.fround(1e-35);

/** Where a leaf finds what it compares, so that its walk goes nowhere else. */
const NEVER_A_NUMBER = 0;

/** Trees that are walked at a time: `walk` has as many variables. */
const LANES = 4;

/**
 * What a forest may hold. A model comes from a file, and a file may be anybody's: a tree whose
 * branches meet again has twice as many paths with each level, and a row takes every step of every
 * tree in the turn in which the stream decides.
 */
export const FOREST_LIMITS = { nodes: 4_000_000, depth: 1_000, steps: 1_000_000 } as const;

type Values = Float64Array;

interface Flat {
  /** Two numbers for each node: the place of the value that it compares, and its right child. */
  readonly links: Int32Array;
  /** What a node compares with; of a leaf, its value. */
  readonly thresholds: Float64Array;
  /** The trees by depth: the first node of each, how many steps it takes, and its number. */
  readonly roots: Int32Array;
  readonly steps: Int32Array;
  readonly numbers: Int32Array;
}

/** What the nodes compare: a value of the row, changed where it is missing. */
interface Compared {
  readonly feature: number;
  readonly missing: Missing;
}

/**
 * The sum of the leaves that a row comes to, added up in the order of the trees. Throws a
 * `RangeError` where the forest is larger than `FOREST_LIMITS`.
 */
export function forestSum(trees: readonly Node[], columns: number): (row: Row) => number {
  const compared: Compared[] = [];
  const flat = flattened(trees, compared);
  const leaves = new Float64Array(flat.numbers.length);
  const values = new Float64Array(columns);
  const fill = filler(compared);
  return (row) => {
    copy(row, values);
    walk(flat, fill(values), leaves);
    let sum = 0;
    for (let tree = 0; tree < trees.length; tree++) sum += leaves[tree] as number;
    return sum;
  };
}

function walk({ links, thresholds, roots, steps, numbers }: Flat, values: Values, leaves: Values) {
  for (let tree = 0; tree < roots.length; tree += LANES) {
    let a = roots[tree]!;
    let b = roots[tree + 1]!;
    let c = roots[tree + 2]!;
    let d = roots[tree + 3]!;
    for (let step = steps[tree + 3]!; step > 0; step--) {
      a = (links[2 * a + 1]! + Number(values[links[2 * a]!]! <= thresholds[a]!)) | 0;
      b = (links[2 * b + 1]! + Number(values[links[2 * b]!]! <= thresholds[b]!)) | 0;
      c = (links[2 * c + 1]! + Number(values[links[2 * c]!]! <= thresholds[c]!)) | 0;
      d = (links[2 * d + 1]! + Number(values[links[2 * d]!]! <= thresholds[d]!)) | 0;
    }
    leaves[numbers[tree]!] = thresholds[a]!;
    leaves[numbers[tree + 1]!] = thresholds[b]!;
    leaves[numbers[tree + 2]!] = thresholds[c]!;
    leaves[numbers[tree + 3]!] = thresholds[d]!;
  }
}

/** A value that no threshold is below goes left everywhere, and NaN right. */
const INSTEAD: Readonly<Record<Missing, number>> = {
  'is zero': 0,
  'goes left': -Infinity,
  'goes right': NaN,
  'zero too, left': -Infinity,
  'zero too, right': NaN,
};

/** What the nodes compare, from the values of a row; the array is the same for every row. */
function filler(compared: readonly Compared[]): (values: Values) => Values {
  const features = Int32Array.from(compared, ({ feature }) => feature);
  const instead = Float64Array.from(compared, ({ missing }) => INSTEAD[missing]);
  const nearest = Float64Array.from(compared, ({ missing }) =>
    missing.startsWith('zero') ? ZERO_THRESHOLD : -1,
  );
  const filled = new Float64Array(1 + compared.length).fill(NaN);
  return (values) => {
    for (let i = 0; i < features.length; i++) {
      const value = values[features[i]!]!;
      // A comparison with NaN is false.
      filled[i + 1] = Math.abs(value) > nearest[i]! ? value : instead[i]!;
    }
    return filled;
  };
}

function copy(row: Row, values: Float64Array): void {
  if (row.length !== values.length) {
    throw new RangeError(`a row of ${row.length} values for a model of ${values.length} features`);
  }
  for (let i = 0; i < values.length; i++) {
    const value = row[i];
    values[i] = value === null || value === undefined ? NaN : value;
  }
}

interface Levels {
  /** A tree's nodes level by level, so that those that every walk visits lie together. */
  readonly nodes: readonly Node[];
  readonly depth: number;
}

/** Without recursion: how deep a tree is, is the file's to say. */
function treeLevels(root: Node, room: number): Levels {
  const nodes: Node[] = [root];
  let depth = 0;
  let levelEnd = 1;
  for (let i = 0; i < nodes.length; i++) {
    if (i === levelEnd) {
      depth += 1;
      levelEnd = nodes.length;
    }
    const node = nodes[i] as Node;
    if (typeof node !== 'number') nodes.push(node.right, node.left);
    if (nodes.length > room) throw tooLarge(`more than ${FOREST_LIMITS.nodes} nodes`);
    if (depth > FOREST_LIMITS.depth) throw tooLarge(`a tree deeper than ${FOREST_LIMITS.depth}`);
  }
  return { nodes, depth };
}

const tooLarge = (what: string): RangeError =>
  new RangeError(`the model has ${what}: train it with fewer trees or leaves (num_leaves)`);

function allTreeLevels(trees: readonly Node[]): Levels[] {
  let room: number = FOREST_LIMITS.nodes;
  let steps = 0;
  return trees.map((root) => {
    const levels = treeLevels(root, room);
    room -= levels.nodes.length;
    steps += levels.depth;
    if (steps <= FOREST_LIMITS.steps) return levels;
    throw tooLarge(`trees in which a row takes more than ${FOREST_LIMITS.steps} steps`);
  });
}

/** Adds to `compared` what the nodes compare. */
function flattened(trees: readonly Node[], compared: Compared[]): Flat {
  const missing = (LANES - (trees.length % LANES)) % LANES;
  const padded = [...trees, ...Array.from({ length: missing }, () => 0)];
  const all = allTreeLevels(padded).map((levels, number) => ({ ...levels, number }));
  all.sort((a, b) => a.depth - b.depth);
  const size = all.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const flat: Flat = {
    links: new Int32Array(2 * size),
    thresholds: new Float64Array(size),
    roots: new Int32Array(all.length),
    steps: Int32Array.from(all, ({ depth }) => depth),
    numbers: Int32Array.from(all, ({ number }) => number),
  };
  const places = new Map<string, number>();
  let start = 0;
  for (const [i, { nodes }] of all.entries()) {
    flat.roots[i] = start;
    addTree(flat, nodes, start, (node) => findPlace(compared, places, node));
    start += nodes.length;
  }
  return flat;
}

/** Puts a tree's nodes from `start` on. The children of a split follow in its order. */
function addTree(
  flat: Flat,
  nodes: readonly Node[],
  start: number,
  placeOfSplit: (node: Split) => number,
): void {
  let next = start + 1;
  for (const [i, node] of nodes.entries()) {
    const at = start + i;
    if (typeof node === 'number') {
      flat.links.set([NEVER_A_NUMBER, at], 2 * at);
      flat.thresholds[at] = node;
    } else {
      flat.links.set([placeOfSplit(node), next], 2 * at);
      flat.thresholds[at] = node.threshold;
      next += 2;
    }
  }
}

function findPlace(compared: Compared[], places: Map<string, number>, split: Split): number {
  const { feature, missing } = split;
  const key = `${feature} ${missing}`;
  const known = places.get(key);
  if (known !== undefined) return known;
  const place = compared.push({ feature, missing });
  places.set(key, place);
  return place;
}
