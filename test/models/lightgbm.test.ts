import { readFileSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  LIGHTGBM_VERSION,
  loadLightgbm,
  type Lightgbm,
  type LightgbmTraining,
} from '../../src/models/lightgbm.ts';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { lightgbmLibraryPath } from '../support/lightgbm.ts';

const ROWS = 3000;
const COLUMNS = 6;

let library: Lightgbm;
beforeAll(() => {
  library = loadLightgbm(lightgbmLibraryPath());
}, 180_000);

/** Normal draws with NaN, exact zeros, and values beneath LightGBM's zero threshold. */
function training(changes: Partial<LightgbmTraining> = {}): LightgbmTraining {
  const random = seededRandom(5);
  const draw = (): number => {
    const kind = random();
    if (kind < 0.1) return NaN;
    if (kind < 0.15) return 0;
    return kind < 0.17 ? 1e-36 : gaussian(random);
  };
  const values = Float64Array.from({ length: ROWS * COLUMNS }, draw);
  const labels = Float32Array.from({ length: ROWS }, (_, row) => {
    const [a = 0, b = 0] = values.subarray(row * COLUMNS, row * COLUMNS + 2);
    return (Number.isNaN(a) ? 1 : a * (Number.isNaN(b) ? 1 : b)) + gaussian(random) > 0 ? 1 : 0;
  });
  return {
    matrix: { rows: ROWS, columns: COLUMNS, values },
    labels,
    featureNames: ['a', 'b', 'c', 'd', 'e', 'f'],
    params: { objective: 'binary', num_leaves: 15, min_data_in_leaf: 20, bagging_fraction: 0.7 },
    rounds: 30,
    seed: 1,
    ...changes,
  };
}

/** The model of a training as it is evaluated here, and what LightGBM says of its rows. */
function hereAndThere(given: LightgbmTraining) {
  const text = library.train(given);
  const { values } = given.matrix;
  return {
    model: parseLightgbmModel(text),
    rows: Array.from({ length: ROWS }, (_, row) =>
      Float64Array.from(values.subarray(row * COLUMNS, (row + 1) * COLUMNS)),
    ),
    raw: library.predict(text, given.matrix, 'raw'),
    normal: library.predict(text, given.matrix),
  };
}

describe('a model trained by LightGBM', () => {
  test.each([
    ['missing values', { objective: 'binary' }],
    ['missing values ignored', { objective: 'binary', use_missing: false }],
    ['zero as missing', { objective: 'binary', zero_as_missing: true }],
    ['a sigmoid of its own', { objective: 'binary', sigmoid: 0.7 }],
    ['a return to estimate', { objective: 'regression', bagging_freq: 1, bagging_fraction: 0.5 }],
  ])('is evaluated here as there within 1e-12, with %s', (_, params) => {
    const given = training({ params: { num_leaves: 15, min_data_in_leaf: 20, ...params } });
    const { model, rows, raw, normal } = hereAndThere(given);
    let worst = 0;
    for (const [i, row] of rows.entries()) {
      worst = Math.max(worst, Math.abs(model.predictRaw(row) - raw[i]!));
      worst = Math.max(worst, Math.abs(model.predict(row) - normal[i]!));
    }
    expect(worst).toBeLessThan(1e-12);
    expect(new Set(raw).size).toBeGreaterThan(50);
  });

  // LightGBM divides a forest's sum behind its raw score, in front of the objective's transform.
  test.each(['binary', 'regression'])('is evaluated here as there, a %s forest', (objective) => {
    const forest = { boosting: 'rf', bagging_freq: 1, bagging_fraction: 0.5, num_leaves: 15 };
    const given = training({ params: { objective, ...forest } });
    const { model, rows, raw, normal } = hereAndThere(given);
    expect(model.trees).toBe(given.rounds);
    expect(rows.map((row) => model.predictRaw(row))).toEqual(
      Array.from(raw, (sum) => sum / given.rounds),
    );
    for (const [i, row] of rows.entries()) {
      const difference = Math.abs(model.predict(row) - normal[i]!);
      if (objective === 'regression') expect(difference).toBe(0);
      expect(difference).toBeLessThan(1e-12);
    }
    expect(new Set(raw).size).toBeGreaterThan(50);
  });

  test('is the same to the byte for the same request, and another for another seed', () => {
    const params = { ...training().params, bagging_freq: 1 };
    const text = library.train(training({ params }));
    expect(library.train(training({ params }))).toBe(text);
    expect(library.train(training({ params, seed: 2 }))).not.toBe(text);
  });

  test('heeds weights', () => {
    const weights = new Float32Array(ROWS).fill(1);
    weights.fill(0.01, ROWS / 2);
    expect(library.train(training({ weights }))).not.toBe(library.train(training()));
  });

  test('takes a matrix of single precision', () => {
    const { matrix } = training();
    const single = { ...matrix, values: Float32Array.from(matrix.values) };
    const text = library.train(training({ matrix: single }));
    const model = parseLightgbmModel(text);
    const [first] = library.predict(text, single, 'raw');
    expect(model.predictRaw(Float64Array.from(single.values.subarray(0, COLUMNS)))).toBe(first);
  });

  test('is one constant where nothing can be split', () => {
    const model = parseLightgbmModel(
      library.train(training({ params: { objective: 'binary', min_data_in_leaf: 5000 } })),
    );
    const share = training().labels.reduce((sum, up) => sum + up, 0) / ROWS;
    expect(model.predict(new Float64Array(COLUMNS))).toBeCloseTo(share, 6);
  });

  test('reports each round', () => {
    const seen: number[] = [];
    library.train(training({ rounds: 3, onProgress: (done) => seen.push(done) }));
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('a request that LightGBM must not see', () => {
  test.each<[string, Partial<LightgbmTraining>]>([
    [
      'holds 18000 values',
      { matrix: { rows: ROWS, columns: COLUMNS, values: new Float64Array(9) } },
    ],
    ['2 labels', { labels: new Float32Array(2) }],
    ['1 weights', { weights: new Float32Array(1) }],
    ['1 feature names', { featureNames: ['a'] }],
    ['nothing to train on', { matrix: { rows: 0, columns: 0, values: new Float64Array(0) } }],
    ['num_threads is not free', { params: { num_threads: 8 } }],
    ['cannot be', { params: { objective: 'binary num_threads=8' } }],
  ])('is refused: %s', (message, changes) => {
    expect(() => library.train(training(changes))).toThrow(message);
  });

  test('gets LightGBM’s own words when LightGBM refuses', () => {
    expect(() => library.train(training({ params: { objective: 'nonsense' } }))).toThrow(
      /LightGBM refused .*: .*nonsense/,
    );
    expect(() => library.predict('rubbish', training().matrix)).toThrow('LightGBM refused');
  });
});

describe('the library', () => {
  test('is the release that the local stack pins', () => {
    const pom = readFileSync(new URL('../../infra/local/pom.xml', import.meta.url), 'utf8');
    const [, version] = /<artifactId>lightgbm4j<\/artifactId>\s*<version>([\d.]+)-/.exec(pom) ?? [];
    expect(version).toBe(LIGHTGBM_VERSION);
  });

  test('that is not there is named with its path', () => {
    expect(() => loadLightgbm('/nowhere/lib_lightgbm.so')).toThrow(
      /cannot be loaded from \/nowhere\/lib_lightgbm\.so: expected the shared library/,
    );
  });

  test.runIf(process.platform === 'linux')('without libgomp names the package to install', () => {
    const dir = mkdtempSync(join(tmpdir(), 'tickloom-'));
    try {
      const path = join(dir, 'lib_lightgbm.so');
      // The same library asking for a libgomp that does not exist.
      const bytes = readFileSync(lightgbmLibraryPath());
      const at = bytes.indexOf('libgomp.so.1\0');
      expect(at).toBeGreaterThan(0);
      bytes.write('libgomp.so.9', at);
      writeFileSync(path, bytes);
      expect(() => loadLightgbm(path)).toThrow('install libgomp1');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
