/** Models in ONNX for tests, written field by field: what a converter would not write too. */

type Field = readonly [number: number, value: number | string | Uint8Array];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return [...bytes, Number(left)];
}

/** A protobuf message. */
export function message(...fields: readonly Field[]): Uint8Array {
  const parts = fields.map(([number, value]) => {
    if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return Buffer.concat([
      Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]),
      bytes,
    ]);
  });
  return Buffer.concat(parts);
}

const FLOAT = 1;

/** A tensor of floats. */
export const tensor = (name: string, dims: readonly number[], values: Float32Array): Uint8Array =>
  message(
    ...dims.map((dim): Field => [1, dim]),
    [2, FLOAT],
    [8, name],
    [9, new Uint8Array(values.buffer)],
  );

/** One whose numbers are said to lie in `file`. */
export const external = (name: string, file: string): Uint8Array =>
  message([1, 1], [2, FLOAT], [8, name], [13, message([1, 'location'], [2, file])], [14, 1]);

export const ints = (name: string, values: readonly number[]): Uint8Array =>
  message([1, name], ...values.map((value): Field => [8, value]), [20, 7]);

export const strings = (name: string, values: readonly string[]): Uint8Array =>
  message([1, name], ...values.map((value): Field => [9, value]), [20, 8]);

export function floats(name: string, values: readonly number[]): Uint8Array {
  const packed = new Uint8Array(Float32Array.from(values).buffer);
  return message([1, name], [7, packed], [20, 6]);
}

export const int = (name: string, value: number): Uint8Array =>
  message([1, name], [3, value], [20, 2]);

/** An attribute that holds a graph, as the body of a loop does. */
export const body = (name: string): Uint8Array => message([1, name], [6, message([2, 'body'])]);

export interface NodeSpec {
  readonly type: string;
  readonly domain?: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly attributes?: readonly Uint8Array[];
}

const node = ({ type, domain = '', reads, writes, attributes = [] }: NodeSpec): Uint8Array =>
  message(
    ...reads.map((name): Field => [1, name]),
    ...writes.map((name): Field => [2, name]),
    [4, type],
    ...attributes.map((each): Field => [5, each]),
    [7, domain],
  );

const shaped = (name: string, dims: readonly (number | string)[]): Uint8Array => {
  const each = dims.map((dim): Field => [1, message([typeof dim === 'number' ? 1 : 2, dim])]);
  return message([1, name], [2, message([1, message([1, FLOAT], [2, message(...each)])])]);
};

export interface ModelSpec {
  readonly columns: number;
  readonly nodes: readonly NodeSpec[];
  readonly initializers?: readonly Uint8Array[];
  /** Further fields of the model's message. */
  readonly more?: readonly Field[];
}

/** A model of one input `x` and one output `probabilities`. */
export const encodeOnnx = ({
  columns,
  nodes,
  initializers = [],
  more = [],
}: ModelSpec): Uint8Array =>
  message(
    [1, 8],
    [
      7,
      message(
        ...nodes.map((each): Field => [1, node(each)]),
        [2, 'test'],
        ...initializers.map((each): Field => [5, each]),
        [11, shaped('x', ['rows', columns])],
        [12, shaped('probabilities', ['rows', 'classes'])],
      ),
    ],
    [8, message([1, ''], [2, 13])],
    [8, message([1, 'ai.onnx.ml'], [2, 3])],
    ...more,
  );

export interface TreeSpec {
  readonly features: readonly number[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
  readonly modes: readonly string[];
}

/** One tree whose leaves all say 0.5, as a regressor. */
export function treeNode({ features, yes, no, modes }: TreeSpec, reads = 'x'): NodeSpec {
  const numbers = features.map((_, i) => i);
  const leaves = numbers.filter((i) => modes[i] === 'LEAF');
  const attributes = [
    ints(
      'nodes_treeids',
      numbers.map(() => 0),
    ),
    ints('nodes_nodeids', numbers),
    ints('nodes_featureids', features),
    ints('nodes_truenodeids', yes),
    ints('nodes_falsenodeids', no),
    strings('nodes_modes', modes),
    floats(
      'nodes_values',
      numbers.map(() => 0),
    ),
    ints(
      'target_treeids',
      leaves.map(() => 0),
    ),
    ints('target_nodeids', leaves),
    ints(
      'target_ids',
      leaves.map(() => 0),
    ),
    floats(
      'target_weights',
      leaves.map(() => 0.5),
    ),
    int('n_targets', 1),
  ];
  const tree = { type: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml', attributes };
  return { ...tree, reads: [reads], writes: ['probabilities'] };
}

export const treeModel = (columns: number, spec: TreeSpec): Uint8Array =>
  encodeOnnx({ columns, nodes: [treeNode(spec)] });

/** The largest number of `sum`, as the one probability of a row. */
const LARGEST: NodeSpec = {
  type: 'ReduceMax',
  reads: ['sum'],
  writes: ['probabilities'],
  attributes: [ints('axes', [1])],
};

/** Sums `width` numbers with `width` others, each with each: a small file, a large answer. */
export const outerSum = (columns: number, width: number): Uint8Array =>
  encodeOnnx({
    columns,
    nodes: [
      { type: 'Add', reads: ['column', 'row'], writes: ['all'] },
      { type: 'ReduceMax', reads: ['all'], writes: ['most'] },
      { type: 'Add', reads: ['x', 'most'], writes: ['sum'] },
      LARGEST,
    ],
    initializers: [
      tensor('column', [width, 1], new Float32Array(width)),
      tensor('row', [1, width], new Float32Array(width)),
    ],
  });

/** A network that takes `steps` products of 1 000 x 1 000 a row. */
export const longNetwork = (columns: number, steps: number): Uint8Array =>
  encodeOnnx({
    columns,
    nodes: [
      { type: 'MatMul', reads: ['x', 'first'], writes: ['0'] },
      ...Array.from({ length: steps }, (_, i) => ({
        ...{ type: 'MatMul', reads: [String(i), 'square'] },
        writes: [i === steps - 1 ? 'sum' : String(i + 1)],
      })),
      LARGEST,
    ],
    initializers: [
      tensor('first', [columns, 1_000], new Float32Array(columns * 1_000)),
      tensor('square', [1_000, 1_000], new Float32Array(1_000_000)),
    ],
  });
