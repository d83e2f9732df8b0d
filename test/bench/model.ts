/**
 * What a prediction for one row costs: our evaluator beside LightGBM's own through koffi, by its
 * fast call for single rows, and beside onnxruntime, on a model that LightGBM trains here. The
 * predictions have to be equal first, LightGBM's within 1e-12.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchOnnxRuntime } from '../../infra/local/onnxruntime.ts';
import { loadOnnx } from '../../src/models/onnx.ts';
import { assert } from '../../src/assert.ts';
import { loadConfig } from '../../src/config/config.ts';
import { loadLightgbm, type Lightgbm } from '../../src/models/lightgbm.ts';
import { featureRanges } from '../../src/learning/feature-ranges.ts';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';
import { outlierCheck } from '../../src/learning/serving-model.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { pythonWith } from '../support/python.ts';
import { lightgbmLibraryPath } from '../support/lightgbm.ts';
import { lightgbmRows } from './lightgbm-row.ts';
import { cpuNs, inTurns, printResults, type NotedResult } from './measure.ts';

const SCRIPT = join(import.meta.dirname, 'lightgbm-onnx.py');
const COLUMNS = 50;
const TRAINING_ROWS = 4_000;
const ROWS = 1_000;
const PARAMS = { objective: 'binary', num_leaves: 31, min_data_in_leaf: 20, learning_rate: 0.05 };
const TREES = 100;
const NULL_SHARE = 0.05;

/** CPU nanoseconds a row. */
export async function benchModel(): Promise<NotedResult[]> {
  return [await besideLightgbm(), await besideOnnx(), await veto()];
}

/** More rows than those of a prediction: one check is too short for the clock. */
const VETO_ROUNDS = 20;

/**
 * The check of every prediction against what training spanned, beside the nearest neighbour among
 * as few as 4 000 training rows, by which other projects veto (a dissimilarity index).
 */
async function veto(): Promise<NotedResult> {
  const training = drawnRows(TRAINING_ROWS, 1);
  const names = Array.from({ length: COLUMNS }, (_, i) => `f${i}`);
  const asRows = training.map((values) => ({
    ...{ values, decidedTs: 0, labelEndTs: 0, up: 0 as const, forwardReturn: 0 },
    ...{ championProbability: null, championReturn: null },
  }));
  const all = Uint32Array.from(asRows, (_, i) => i);
  const isOutlier = outlierCheck(featureRanges(asRows, all, names));
  const seen = Float64Array.from(training.flatMap((row) => row.map((value) => value ?? 0)));
  const rows = drawnRows(ROWS, 2);
  const [first] = rows;
  assert(first !== undefined && !isOutlier(first), 'a row like the training is none');
  assert(isOutlier(first.map(() => 100)), 'a row far away is one');
  const [ours, theirs] = await inTurns(
    () =>
      cpuNs(() => {
        for (let i = 0; i < VETO_ROUNDS; i++) rows.forEach((row) => isOutlier(row));
      }) /
      (ROWS * VETO_ROUNDS),
    () => cpuNs(() => rows.slice(0, 20).forEach((row) => nearest(seen, row))) / 20,
  );
  const note = `of ${COLUMNS} features; theirs: nearest of ${TRAINING_ROWS} training rows`;
  return { name: 'outlier veto of a prediction', ours, theirs, unit: 'ns CPU/row', note };
}

/** The squared distance of a row to the nearest that training saw. */
function nearest(seen: Float64Array, row: readonly (number | null)[]): number {
  const at = Float64Array.from(row, (value) => value ?? 0);
  let least = Infinity;
  for (let start = 0; start < seen.length; start += COLUMNS) {
    let sum = 0;
    for (let i = 0; i < COLUMNS; i++) {
      const difference = seen[start + i]! - at[i]!;
      sum += difference * difference;
    }
    if (sum < least) least = sum;
  }
  return least;
}

const unmeasured = { ours: NaN, theirs: NaN, unit: 'ns CPU/row' };

/** Its converter, and what it understands of LightGBM. */
const CONVERTER = [
  'lightgbm==4.3.0',
  'onnxmltools==1.16.0',
  'onnx==1.17.0',
  'numpy==1.26.4',
  'scikit-learn==1.5.2',
  'packaging==24.1',
];
/** Its sums are of 32 bits. */
const ONNX_EQUAL = 1e-5;

/** The same trees by onnxruntime on one thread, a row at a time, as the stream serves it. */
async function besideOnnx(): Promise<NotedResult> {
  const name = `prediction, ${TREES} trees, onnxruntime`;
  const dir = mkdtempSync(join(tmpdir(), 'tickloom-onnx-'));
  try {
    const text = trained(loadLightgbm(lightgbmLibraryPath()));
    const [from, to] = [join(dir, 'model.txt'), join(dir, 'model.onnx')];
    writeFileSync(from, text);
    execFileSync(pythonWith(CONVERTER), [SCRIPT, from, String(COLUMNS), to], { stdio: 'pipe' });
    await fetchOnnxRuntime(loadConfig(), (line) => console.error(line));
    const [model, peer] = [parseLightgbmModel(text), loadOnnx(readFileSync(to))];
    const rows = drawnRows(ROWS, 2).map((row) => row.map((value) => single(value)));
    const worst = rows.map((row) => Math.abs(model.predict(row) - peer.probabilityUp(row)));
    assert(Math.max(...worst) < ONNX_EQUAL, `predictions differ by ${Math.max(...worst)}`);
    const [ours, theirs] = await inTurns(
      () => cpuNs(() => rows.forEach((row) => model.predict(row))) / ROWS,
      () => cpuNs(() => rows.forEach((row) => peer.probabilityUp(row))) / ROWS,
    );
    return { ...unmeasured, name, ours, theirs, note: `equal within ${ONNX_EQUAL}` };
  } catch (error) {
    if (!(error instanceof Error) || !/cannot be loaded|is needed/.test(error.message)) throw error;
    return { ...unmeasured, name, note: error.message };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const single = (value: number | null): number | null =>
  value === null ? null : Math.fround(value);

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
