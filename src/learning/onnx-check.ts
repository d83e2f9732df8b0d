/**
 * What may be in a model in ONNX that comes from outside: operators whose work and size are known
 * from the file alone, so that a row can neither take minutes nor fill the memory, and trees that
 * come to an end within the row's own columns. The runtime looks at none of it, and reads beyond
 * its numbers where a file says so.
 */
import { quoted } from '../domain/quoted.ts';
import { FOREST_LIMITS } from './forest.ts';
import { readOnnx, type OnnxGraph, type OnnxNode } from './onnx-file.ts';

export const ONNX_LIMITS = { bytes: 64 * 1024 * 1024, nodes: 10_000 } as const;

const ML = 'ai.onnx.ml.';

/** Each number by itself: a tensor keeps its width. */
const SAME_WIDTH = new Set([
  'Abs',
  'Add',
  'Cast',
  'Ceil',
  'Clip',
  'Div',
  'Exp',
  'Floor',
  'Identity',
  'Log',
  'Max',
  'Min',
  'Mul',
  'Neg',
  'Pow',
  'Reciprocal',
  'Relu',
  'Round',
  'Sigmoid',
  'Sign',
  'Sqrt',
  'Sub',
  'Tanh',
  `${ML}Imputer`,
  `${ML}Normalizer`,
  `${ML}Scaler`,
]);

const TREES = new Set([`${ML}TreeEnsembleClassifier`, `${ML}TreeEnsembleRegressor`]);

/** How large their answer is, their later inputs decide: those must not come from the row. */
const SHAPED = new Set(['CumSum', 'Gather', 'Reshape', 'Slice', 'Split', 'Squeeze', 'TopK']);
const SHAPED_TOO = new Set(['Unsqueeze', 'ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin']);

const OTHERS = new Set([
  'And',
  'ArgMax',
  'ArgMin',
  'BatchNormalization',
  'Celu',
  'Concat',
  'Constant',
  'Dropout',
  'Elu',
  'Equal',
  'Erf',
  'Flatten',
  'Gelu',
  'Gemm',
  'Greater',
  'GreaterOrEqual',
  'HardSigmoid',
  'HardSwish',
  'IsInf',
  'IsNaN',
  'LayerNormalization',
  'LeakyRelu',
  'Less',
  'LessOrEqual',
  'LogSoftmax',
  'MatMul',
  'Mean',
  'Mish',
  'Mod',
  'Not',
  'Or',
  'PRelu',
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSumExp',
  'ReduceProd',
  'ReduceSumSquare',
  'Selu',
  'Shape',
  'Softmax',
  'Softplus',
  'Softsign',
  'Sum',
  'ThresholdedRelu',
  'Transpose',
  'Where',
  'Xor',
  `${ML}ArrayFeatureExtractor`,
  `${ML}Binarizer`,
  `${ML}FeatureVectorizer`,
  `${ML}LabelEncoder`,
  `${ML}LinearClassifier`,
  `${ML}LinearRegressor`,
  `${ML}SVMClassifier`,
  `${ML}SVMRegressor`,
  `${ML}ZipMap`,
]);

const isKnown = (operator: string): boolean =>
  [SAME_WIDTH, TREES, SHAPED, SHAPED_TOO, OTHERS].some((set) => set.has(operator));

/**
 * Throws an error that says what is in the file that is not taken, and what to do. `columns` is how
 * many values a row has.
 */
export function checkOnnx(bytes: Uint8Array, columns: number): void {
  const { bytes: most } = ONNX_LIMITS;
  if (bytes.length > most) {
    throw new Error(`a model in ONNX of ${bytes.length} bytes; up to ${most} are taken`);
  }
  const graph = readOnnx(bytes);
  const [other] = graph.others;
  if (other !== undefined) throw new Error(`a model in ONNX with ${other}, which is not taken`);
  if (graph.nodes.length > ONNX_LIMITS.nodes) {
    throw new Error(`a model in ONNX of more than ${ONNX_LIMITS.nodes} steps`);
  }
  checkOperators(graph);
  checkExternal(graph);
  checkShapes(graph);
  checkWidths(graph, columns);
}

function checkOperators({ nodes }: OnnxGraph): void {
  for (const { operator, attributes } of nodes) {
    if (!isKnown(operator) || attributes.some(({ hasGraph }) => hasGraph)) {
      throw new Error(
        `a model in ONNX with the operator ${quoted(operator)}, which is not taken: its work or ` +
          'size may depend on the row. Trees, linear models and plain networks are taken',
      );
    }
  }
}

function checkExternal({ nodes, initializers }: OnnxGraph): void {
  const inside = nodes.flatMap(({ attributes }) => attributes.flatMap(({ tensors }) => tensors));
  const external = [...initializers, ...inside].find(({ isExternal }) => isExternal);
  if (external === undefined) return;
  throw new Error(
    `a model in ONNX whose numbers (${quoted(external.name)}) lie in another file: save it as one ` +
      'file (onnx.save_model(model, path, save_as_external_data=False))',
  );
}

/** The size of nothing depends on a row's values. */
function checkShapes({ nodes, inputs, initializers }: OnnxGraph): void {
  const constants = new Set(initializers.map(({ name }) => name));
  const rowInputs = new Set(inputs.filter((name) => !constants.has(name)));
  for (const { operator, inputs: read, outputs } of nodes) {
    const isShaped = SHAPED.has(operator) || SHAPED_TOO.has(operator);
    if (isShaped && read.slice(1).some((name) => rowInputs.has(name))) {
      throw new Error(
        `a model in ONNX whose ${operator} takes its shape or its places from the row: not taken`,
      );
    }
    if (operator === 'Shape' || !read.some((name) => rowInputs.has(name))) continue;
    for (const name of outputs) rowInputs.add(name);
  }
}

/** Trees name their columns by number, and the runtime reads whatever lies there. */
function checkWidths({ nodes, inputs }: OnnxGraph, columns: number): void {
  const widths = new Map(inputs.map((name) => [name, columns]));
  for (const node of nodes) {
    const width = Math.max(0, ...node.inputs.slice(0, 2).map((name) => widths.get(name) ?? 0));
    if (TREES.has(node.operator)) checkTrees(node, width);
    if (node.operator.startsWith(`${ML}Linear`)) checkLinear(node, width);
    if (SAME_WIDTH.has(node.operator)) for (const name of node.outputs) widths.set(name, width);
  }
}

const findInts = ({ attributes }: OnnxNode, name: string): readonly number[] =>
  attributes.find((each) => each.name === name)?.ints ?? [];

function checkLinear(node: OnnxNode, width: number): void {
  const floats = (name: string): number =>
    node.attributes.find((each) => each.name === name)?.floats ?? 0;
  const rows = Math.max(1, floats('intercepts'));
  if (width === 0 || floats('coefficients') >= width * rows) return;
  throw new Error(
    `a linear model in ONNX with ${floats('coefficients')} coefficients for ${rows} x ${width}`,
  );
}

/** Each child is behind one parent alone, no path is endless, and every column is the row's. */
function checkTrees(node: OnnxNode, width: number): void {
  const refuse = (what: string): Error => new Error(`trees in ONNX ${what}: not taken`);
  const [trees, ids, features, yes, no] = [
    'nodes_treeids',
    'nodes_nodeids',
    'nodes_featureids',
    'nodes_truenodeids',
    'nodes_falsenodeids',
  ].map((name) => findInts(node, name)) as [number[], number[], number[], number[], number[]];
  const modes = node.attributes.find(({ name }) => name === 'nodes_modes')?.strings ?? [];
  const lists = [ids, features, yes, no, modes];
  if (lists.some(({ length }) => length !== trees.length)) {
    throw refuse('whose lists of nodes are not equally long');
  }
  if (trees.length === 0) throw refuse('without a node');
  checkLeaves(node, refuse);
  const places = new Map(trees.map((tree, i) => [`${tree} ${ids[i]}`, i]));
  if (places.size !== trees.length) throw refuse('with two nodes of one number');
  const depths = new Int32Array(trees.length).fill(-1);
  const parents = new Uint8Array(trees.length);
  const childNodes = (i: number): number[] => {
    if (modes[i] === 'LEAF') return [];
    const feature = features[i]!;
    if (!(feature >= 0 && feature < width)) {
      throw refuse(`that compare column ${feature} of ${width}`);
    }
    return [yes[i]!, no[i]!].map((id) => {
      const child = places.get(`${trees[i]} ${id}`);
      if (child === undefined) throw refuse(`whose node ${ids[i]} has no child ${id}`);
      if (parents[child] === 1) throw refuse(`whose node ${id} is the child of two nodes`);
      parents[child] = 1;
      return child;
    });
  };
  const children = trees.map((_, i) => childNodes(i));
  const open = trees.flatMap((_, i) => (parents[i] === 0 ? [i] : []));
  for (const root of open) depths[root] = 0;
  // `open` grows on the way: what no root leads to goes round in a circle.
  for (let at = 0; at < open.length; at++) {
    const i = open[at]!;
    for (const child of children[i]!) {
      depths[child] = depths[i]! + 1;
      if (depths[child]! > FOREST_LIMITS.depth) {
        throw refuse(`deeper than ${FOREST_LIMITS.depth}`);
      }
      open.push(child);
    }
  }
  if (open.length < trees.length) throw refuse('that go round in a circle');
}

/** A leaf adds to a class or target by its number, wherever that may lie. */
function checkLeaves(node: OnnxNode, refuse: (what: string) => Error): void {
  const labels = node.attributes.find(({ name }) => name === 'classlabels_strings')?.strings ?? [];
  const classes = Math.max(1, labels.length, findInts(node, 'classlabels_int64s').length);
  const targets = findInts(node, 'n_targets')[0] ?? 1;
  for (const [name, count] of [
    ['class_ids', classes],
    ['target_ids', targets],
  ] as const) {
    const wrong = findInts(node, name).find((id) => !(id >= 0 && id < count));
    if (wrong !== undefined) throw refuse(`whose ${name} has ${wrong}, of ${count}`);
  }
}
