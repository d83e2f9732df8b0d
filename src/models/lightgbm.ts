/**
 * LightGBM's C API through koffi: a matrix and its labels in, the text of a trained model out.
 *
 * Training is to the byte a function of the request: one thread, a fixed seed, deterministic
 * row-wise histograms. Every call blocks until it is done and keeps its core busy, so it belongs in
 * a child process. All native memory is freed before a function returns, also when it throws.
 */
import koffi from 'koffi';

/** The release inside `io.github.metarank:lightgbm4j`, which `infra/local/pom.xml` pins. */
export const LIGHTGBM_VERSION = '4.3.0';

/** Row-major: the value of column c in row r is `values[r * columns + c]`. NaN: no value. */
export interface NumberMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array | Float32Array;
}

export interface LightgbmTraining {
  readonly matrix: NumberMatrix;
  readonly labels: Float32Array;
  /** Positive, one a row. */
  readonly weights?: Float32Array | undefined;
  readonly featureNames: readonly string[];
  /** LightGBM's own parameter names, such as `objective` and `num_leaves`. */
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly rounds: number;
  readonly seed: number;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface Lightgbm {
  readonly version: string;
  /** The model as text. Throws an error with LightGBM's message when it refuses the request. */
  train(training: LightgbmTraining): string;
  /** One prediction a row by LightGBM itself; `raw` leaves the objective's transform out. */
  predict(modelText: string, matrix: NumberMatrix, kind?: 'raw' | 'normal'): Float64Array;
}

/** What makes the result a function of the request alone; a request may not set these. */
const FIXED = {
  num_threads: 1,
  deterministic: true,
  force_row_wise: true,
  verbosity: -1,
} as const;

type Handle = unknown;
type HandleBox = [Handle];

/** The functions that are used, as declared in LightGBM's c_api.h. */
interface Api {
  lastError(): string;
  datasetCreate(
    data: Float64Array | Float32Array,
    dataType: number,
    rows: number,
    columns: number,
    rowMajor: number,
    params: string,
    reference: null,
    out: HandleBox,
  ): number;
  setField(data: Handle, name: string, values: Float32Array, count: number, type: number): number;
  setNames(data: Handle, names: readonly string[], count: number): number;
  datasetFree(data: Handle): number;
  boosterCreate(data: Handle, params: string, out: HandleBox): number;
  boosterLoad(text: string, iterations: [number], out: HandleBox): number;
  updateOneIter(booster: Handle, finished: [number]): number;
  toText(
    booster: Handle,
    start: number,
    iterations: number,
    importance: number,
    size: number,
    length: [number],
    out: Buffer,
  ): number;
  predictForMat(
    booster: Handle,
    data: Float64Array | Float32Array,
    dataType: number,
    rows: number,
    columns: number,
    rowMajor: number,
    kind: number,
    start: number,
    iterations: number,
    params: string,
    length: [number],
    out: Float64Array,
  ): number;
  boosterFree(booster: Handle): number;
}

const DECLARATIONS: Readonly<Record<keyof Api, string>> = {
  lastError: 'const char *LGBM_GetLastError()',
  datasetCreate:
    'int LGBM_DatasetCreateFromMat(const void *data, int type, int32_t rows, int32_t columns, ' +
    'int row_major, const char *params, const void *reference, _Out_ void **out)',
  setField:
    'int LGBM_DatasetSetField(void *data, const char *name, const void *values, int count, ' +
    'int type)',
  setNames: 'int LGBM_DatasetSetFeatureNames(void *data, const char **names, int count)',
  datasetFree: 'int LGBM_DatasetFree(void *data)',
  boosterCreate: 'int LGBM_BoosterCreate(void *data, const char *params, _Out_ void **out)',
  boosterLoad:
    'int LGBM_BoosterLoadModelFromString(const char *text, _Out_ int *iterations, ' +
    '_Out_ void **out)',
  updateOneIter: 'int LGBM_BoosterUpdateOneIter(void *booster, _Out_ int *finished)',
  toText:
    'int LGBM_BoosterSaveModelToString(void *booster, int start, int iterations, int importance, ' +
    'int64_t size, _Out_ int64_t *length, void *out)',
  predictForMat:
    'int LGBM_BoosterPredictForMat(void *booster, const void *data, int type, int32_t rows, ' +
    'int32_t columns, int row_major, int kind, int start, int iterations, const char *params, ' +
    '_Out_ int64_t *length, double *out)',
  boosterFree: 'int LGBM_BoosterFree(void *booster)',
};

/**
 * The library at `libraryPath` (`lib_lightgbm.so`, `.dylib` or `.dll`). Throws an error that names
 * what is missing and the package that brings it.
 */
export function loadLightgbm(libraryPath: string, version: string = LIGHTGBM_VERSION): Lightgbm {
  const api = bind(libraryPath);
  return {
    version,
    train: (training) => train(api, training),
    predict: (text, matrix, kind = 'normal') => predict(api, text, matrix, kind),
  };
}

function bind(libraryPath: string): Api {
  try {
    const library = koffi.load(libraryPath);
    const functions = Object.entries(DECLARATIONS).map(([name, c]) => [name, library.func(c)]);
    return Object.fromEntries(functions) as Api;
  } catch (error) {
    throw new Error(loadProblem(libraryPath, error), { cause: error });
  }
}

function loadProblem(libraryPath: string, error: unknown): string {
  const seen = error instanceof Error ? error.message : String(error);
  const advice = /libgomp|libomp/.test(seen)
    ? 'LightGBM needs the OpenMP runtime: install libgomp1 (apt install libgomp1, ' +
      'dnf install libgomp, brew install libomp)'
    : 'expected the shared library of LightGBM for this system and processor';
  return `LightGBM cannot be loaded from ${libraryPath}: ${advice} (${seen})`;
}

function train(api: Api, training: LightgbmTraining): string {
  checkTraining(training);
  const params = paramText({ ...FIXED, seed: training.seed }, training.params);
  return withDataset(api, training, params, (data) => {
    const box: HandleBox = [null];
    check(api, 'LGBM_BoosterCreate', api.boosterCreate(data, params, box));
    try {
      const finished: [number] = [0];
      for (let i = 0; i < training.rounds && finished[0] === 0; i++) {
        check(api, 'LGBM_BoosterUpdateOneIter', api.updateOneIter(box[0], finished));
        training.onProgress?.(i + 1, training.rounds);
      }
      return modelText(api, box[0]);
    } finally {
      api.boosterFree(box[0]);
    }
  });
}

function withDataset<T>(
  api: Api,
  { matrix, labels, weights, featureNames }: LightgbmTraining,
  params: string,
  use: (data: Handle) => T,
): T {
  const { values, rows, columns } = matrix;
  const box: HandleBox = [null];
  const type = dataType(values);
  check(
    api,
    'LGBM_DatasetCreateFromMat',
    api.datasetCreate(values, type, rows, columns, 1, params, null, box),
  );
  try {
    check(api, 'label', api.setField(box[0], 'label', labels, rows, FLOAT32));
    if (weights !== undefined) {
      check(api, 'weight', api.setField(box[0], 'weight', weights, rows, FLOAT32));
    }
    check(api, 'feature names', api.setNames(box[0], featureNames, columns));
    return use(box[0]);
  } finally {
    api.datasetFree(box[0]);
  }
}

const IMPORTANCE_GAIN = 1;

/** Asks twice: the first time for the length. */
function modelText(api: Api, booster: Handle): string {
  const length: [number] = [0];
  let buffer = Buffer.alloc(1);
  for (let i = 0; i < 2; i++) {
    const size = buffer.length;
    const status = api.toText(booster, 0, -1, IMPORTANCE_GAIN, size, length, buffer);
    check(api, 'LGBM_BoosterSaveModelToString', status);
    // The length counts the C string's closing zero.
    if (length[0] <= size) break;
    buffer = Buffer.alloc(length[0]);
  }
  return buffer.toString('utf8', 0, length[0] - 1);
}

function predict(
  api: Api,
  text: string,
  { values, rows, columns }: NumberMatrix,
  kind: 'raw' | 'normal',
): Float64Array {
  if (values.length !== rows * columns) throw new RangeError(sizeProblem(rows, columns, values));
  const box: HandleBox = [null];
  check(api, 'LGBM_BoosterLoadModelFromString', api.boosterLoad(text, [0], box));
  try {
    const out = new Float64Array(rows);
    const type = dataType(values);
    const raw = kind === 'raw' ? 1 : 0;
    const params = 'num_threads=1 verbosity=-1';
    check(
      api,
      'LGBM_BoosterPredictForMat',
      api.predictForMat(box[0], values, type, rows, columns, 1, raw, 0, -1, params, [0], out),
    );
    return out;
  } finally {
    api.boosterFree(box[0]);
  }
}

const FLOAT32 = 0;
const FLOAT64 = 1;
const dataType = (values: Float64Array | Float32Array): number =>
  values instanceof Float64Array ? FLOAT64 : FLOAT32;

/** The library reads as many numbers as the call says, so a wrong size must not reach it. */
function checkTraining(training: LightgbmTraining): void {
  const { matrix, labels, weights, featureNames } = training;
  const { rows, columns, values } = matrix;
  if (rows < 1 || columns < 1) throw new RangeError(`nothing to train on: ${rows} x ${columns}`);
  if (values.length !== rows * columns) throw new RangeError(sizeProblem(rows, columns, values));
  if (labels.length !== rows) {
    throw new RangeError(`${labels.length} labels for ${rows} rows`);
  }
  if (weights !== undefined && weights.length !== rows) {
    throw new RangeError(`${weights.length} weights for ${rows} rows`);
  }
  if (featureNames.length !== columns) {
    throw new RangeError(`${featureNames.length} feature names for ${columns} columns`);
  }
}

const sizeProblem = (rows: number, columns: number, values: ArrayLike<number>): string =>
  `a matrix of ${rows} rows x ${columns} columns holds ${rows * columns} values, ` +
  `not ${values.length}`;

function paramText(fixed: LightgbmTraining['params'], params: LightgbmTraining['params']): string {
  for (const [name, value] of Object.entries(params)) {
    if (Object.hasOwn(fixed, name)) throw new RangeError(`the parameter ${name} is not free`);
    if (/[\s=]/.test(`${name}${String(value)}`)) {
      throw new RangeError(`the parameter ${name} cannot be ${String(value)}`);
    }
  }
  return Object.entries({ ...fixed, ...params })
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}

function check(api: Api, what: string, status: number): void {
  if (status !== 0) throw new Error(`LightGBM refused (${what}): ${api.lastError()}`);
}
