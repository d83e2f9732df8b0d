/**
 * What a prediction for one row costs: our evaluator beside LightGBM's own through koffi, by its
 * fast call for single rows, on a model that LightGBM trains here. The predictions have to be equal
 * within 1e-12 first.
 */
import { assert } from '../../src/assert.ts';
import { loadLightgbm, type Lightgbm } from '../../src/adapters/lightgbm.ts';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { lightgbmLibraryPath } from '../support/lightgbm.ts';
import { lightgbmRows } from './lightgbm-row.ts';
import { cpuNs, inTurns, printResults, type NotedResult } from './measure.ts';

const COLUMNS = 50;
const TRAINING_ROWS = 4_000;
const ROWS = 1_000;
const PARAMS = { objective: 'binary', num_leaves: 31, min_data_in_leaf: 20, learning_rate: 0.05 };
const TREES = 100;
const NULL_SHARE = 0.05;

/** CPU nanoseconds a row. */
export async function benchModel(): Promise<NotedResult[]> {
  return [await besideLightgbm(), ONNX];
}

const unmeasured = { ours: NaN, theirs: NaN, unit: 'ns CPU/row' };

const ONNX: NotedResult = {
  ...unmeasured,
  name: 'prediction, onnxruntime-node',
  note: 'its installation on Linux x64 fetches CUDA libraries from nuget.org',
};

async function besideLightgbm(): Promise<NotedResult> {
  const name = `prediction, ${TREES} trees, LightGBM`;
  try {
    const path = lightgbmLibraryPath();
    const library = loadLightgbm(path);
    return { ...unmeasured, name, ...(await compared(path, trained(library))) };
  } catch (error) {
    if (!(error instanceof Error) || !/cannot be loaded/.test(error.message)) throw error;
    return { ...unmeasured, name, note: error.message };
  }
}

async function compared(
  path: string,
  text: string,
): Promise<Pick<NotedResult, 'ours' | 'theirs' | 'note'>> {
  const rows = drawnRows(ROWS, 2);
  const model = parseLightgbmModel(text);
  const peer = lightgbmRows(path, text, COLUMNS);
  // Theirs gets rows as it takes them, ours as the stream has them.
  const typed = rows.map((row) => Float64Array.from(row, (value) => value ?? NaN));
  const theirPrediction = (row: Float64Array): number => {
    peer.row.set(row);
    return peer.predict();
  };
  try {
    const worst = rows.map((row, i) => Math.abs(model.predict(row) - theirPrediction(typed[i]!)));
    assert(Math.max(...worst) < 1e-12, `predictions differ by ${Math.max(...worst)}`);
    const [ours, theirs] = await inTurns(
      () => cpuNs(() => rows.forEach((row) => model.predict(row))) / ROWS,
      () => cpuNs(() => typed.forEach((row) => theirPrediction(row))) / ROWS,
    );
    return { ours, theirs, note: 'equal within 1e-12' };
  } finally {
    peer.free();
  }
}

function trained(library: Lightgbm): string {
  const rows = drawnRows(TRAINING_ROWS, 1);
  const random = seededRandom(3);
  const values = Float64Array.from(rows.flatMap((row) => row.map((value) => value ?? NaN)));
  const up = rows.map(([a, b, c]) => {
    const signal = (a ?? 1) * (b ?? 1) + Math.sin(3 * (c ?? 0));
    return signal + gaussian(random) > 0 ? 1 : 0;
  });
  return library.train({
    matrix: { rows: TRAINING_ROWS, columns: COLUMNS, values },
    labels: Float32Array.from(up),
    featureNames: Array.from({ length: COLUMNS }, (_, i) => `f${i}`),
    params: PARAMS,
    rounds: TREES,
    seed: 1,
  });
}

function drawnRows(count: number, seed: number): (number | null)[][] {
  const random = seededRandom(seed);
  const draw = (): number | null => (random() < NULL_SHARE ? null : gaussian(random));
  return Array.from({ length: count }, () => Array.from({ length: COLUMNS }, draw));
}

if (process.argv[1] === import.meta.filename) printResults(await benchModel());
