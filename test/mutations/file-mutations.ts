/** Mutations of what a file from outside may do. */
import { mutation, testsIn, type Mutation } from './mutation.ts';

const TREE = 'src/learning/lightgbm-tree.ts';
const FOREST = 'src/learning/forest.ts';
const ONNX = 'src/learning/onnx-check.ts';
const lightgbm = testsIn('test/learning/hostile-lightgbm.test.ts', 'LightGBM text from outside');
const onnx = testsIn('test/learning/onnx-check.test.ts', 'a model in ONNX');
const requests = testsIn('test/pipelines/dataset/hostile-entities.test.ts', 'a file of requests');
const duckdb = testsIn('test/pipelines/dataset/hostile-entities.test.ts', 'DuckDB');
const bounded = testsIn('test/files/bounded.test.ts', 'a bounded task');

export const FILE_MUTATIONS: readonly Mutation[] = [
  mutation(
    'shared-children',
    lightgbm('with 8 nodes that share their children is refused'),
    TREE,
    'if (seen[index] === 1) {',
    'if (seen[index] === 2) {',
  ),
  mutation(
    'deep-chain',
    lightgbm('with a chain of 12 000 nodes is refused in words, and one of 1 000 is walked'),
    FOREST,
    'if (depth > FOREST_LIMITS.depth)',
    'if (depth > 1_000 * FOREST_LIMITS.depth)',
  ),
  mutation(
    'child-beyond-32-bits',
    lightgbm('with {"left_child":"-4294967297"} is refused'),
    TREE,
    '(isLeaf ? -number <= leafCount :',
    '(isLeaf ? ~number < leafCount :',
  ),
  mutation(
    'leaf-without-end',
    lightgbm('with {"leaf_value":"1 1e308"} is refused'),
    'src/learning/lightgbm-model.ts',
    'if (reach <= SCORE_MAX) return;',
    'if (reach <= Infinity) return;',
  ),
  mutation(
    'any-operator',
    onnx('with a loop is refused'),
    ONNX,
    'if (!isKnown(operator) || attributes.some(({ hasGraph }) => hasGraph)) {',
    'if (operator.length > 1_000) {',
  ),
  mutation(
    'numbers-in-another-file',
    onnx('with numbers in a file of the machine is refused'),
    ONNX,
    'if (external === undefined) return;',
    'if (external !== null) return;',
  ),
  mutation(
    'shape-from-the-row',
    onnx('with a shape from the row by a detour is refused'),
    ONNX,
    'for (const name of outputs) rowInputs.add(name);',
    'for (const name of outputs) rowInputs.delete(name);',
  ),
  mutation(
    'trees-go-round',
    onnx('with trees that go round is refused'),
    ONNX,
    'if (open.length < trees.length) throw',
    'if (open.length > trees.length) throw',
  ),
  mutation(
    'column-beyond-the-row',
    onnx('with a column beyond the row is refused'),
    ONNX,
    'if (!(feature >= 0 && feature < width)) {',
    'if (!(feature >= 0)) {',
  ),
  mutation(
    'memory-without-bound',
    bounded('that fills the memory is ended: outside of the heap'),
    'src/files/bounded-child.ts',
    'if (process.memoryUsage.rss() < workerData.bytes) return;',
    'if (process.memoryUsage.rss() < 20 * workerData.bytes) return;',
  ),
  mutation(
    'time-without-bound',
    bounded('without an end is ended, even where it holds its thread'),
    'src/files/bounded.ts',
    '      late = true;\n',
    '      late = false;\n',
  ),
  mutation(
    'files-of-the-machine',
    duckdb('reads and writes in the directories that it was given, and nowhere else'),
    'pipelines/dataset/duckdb.ts',
    "  await db.run('SET enable_external_access = false');\n",
    '',
  ),
  mutation(
    'milliseconds-as-microseconds',
    requests('in Parquet with milliseconds is refused'),
    'pipelines/dataset/entities.ts',
    'const FIRST_US = 1e14;',
    'const FIRST_US = 0;',
  ),
];
