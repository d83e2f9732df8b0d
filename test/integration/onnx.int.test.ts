/**
 * Models in ONNX by the real runtime, fetched as an installation fetches it: what they say is what
 * onnxruntime says in Python, and what they cannot say is not served. `test/fixtures/onnx/make.py`
 * made them.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { fetchOnnxRuntime } from '../../infra/local/onnxruntime.ts';
import { probeOnnx } from '../../src/models/onnx-outside.ts';
import { loadOnnx, OnnxRuntimeMissing } from '../../src/models/onnx.ts';
import { PROJECT_DIR } from '../../src/code-files.ts';
import { loadConfig } from '../../src/config/config.ts';
import { decodeArtefact, encodeArtefact, ONNX_FORMAT } from '../../src/learning/artefact.ts';
import { makeArtefact } from '../../src/learning/imported-model.ts';
import { loadModel } from '../../src/learning/serving-model.ts';
import { openContext } from '../../src/runtime/context.ts';
import { PostgresModels } from '../../src/postgres/tables/model-source.ts';
import { arbitraryModel } from '../faults/model.ts';
import { featureNames, marketRows } from '../support/market-rows.ts';
import { longNetwork, outerSum, treeModel } from '../support/onnx.ts';

const FOLDER = join(PROJECT_DIR, 'test', 'fixtures', 'onnx');
const COLUMNS = 12;
const STREAM = { featureSet: 'default@test', featureNames: featureNames(COLUMNS) };

type Row = readonly (number | null)[];
const expected = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as {
  readonly rows: readonly Row[];
  readonly logistic: Row;
  readonly network: Row;
  readonly bare: Row;
};
const readModelBytes = (name: string): Uint8Array => readFileSync(join(FOLDER, `${name}.onnx`));

const rows = marketRows({ seed: 3, rows: 2_000, columns: COLUMNS, edge: 0.5 });
const whole = rows.filter(({ values }) => values.every((value) => value !== null));
const imported = (name: string, names = STREAM.featureNames) =>
  makeArtefact({
    ...{ bytes: readModelBytes(name), datasetId: 'ds-1', labelSpec: 'direction_1h@1' },
    ...{ featureSet: STREAM.featureSet, featureNames: names },
    rows: name === 'bare' ? whole : rows,
    ...{ asOfTs: rows.at(-1)?.decidedTs ?? 0, expiresTs: null, onnx: loadOnnx },
  });

describe('a model in ONNX', () => {
  test('says that the runtime is not there before it was fetched', () => {
    const nowhere = { ...loadConfig(), artefactsDir: join(FOLDER, 'nowhere') };
    expect(() => loadOnnx(readModelBytes('logistic'), nowhere)).toThrow(OnnxRuntimeMissing);
  });

  test('is waited for by a stream, with an error, where the runtime cannot be fetched', async () => {
    const { postgres, close } = openContext(loadConfig(), 'test');
    const model = Object.assign(decodeArtefact(arbitraryModel().bytes), {
      ...{
        format: ONNX_FORMAT,
        direction: Buffer.from(readModelBytes('logistic')).toString('base64'),
      },
      return: null,
    });
    const artefact = encodeArtefact(model);
    const sha256 = createHash('sha256').update(artefact).digest('hex');
    await postgres.query(
      `INSERT INTO models (model_id, venue, symbol, label_spec, state, sha256, artifact, manifest,
         trained_at)
       VALUES ('onnx-waits', 'onnx', 'A/USD', 'direction_1h@1', 'candidate', $1, $2, '{}', now())`,
      [sha256, artefact],
    );
    const nowhere = mkdtempSync(join(tmpdir(), 'tickloom-onnx-'));
    vi.stubEnv('TICKLOOM_ARTEFACTS_DIR', nowhere);
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:9');
    vi.stubEnv('npm_config_fetch_retries', '0');
    const abort = new AbortController();
    const loading = new PostgresModels(postgres, abort.signal).load('onnx-waits', sha256);
    const ended = loading.then(String, (error: Error) => error.name);
    try {
      const errors = (): Promise<{ rows: { message: string }[] }> =>
        postgres.query(
          `SELECT message FROM errors WHERE error_key = 'stream:onnx_runtime:onnx-waits'`,
        );
      await vi.waitFor(async () => expect((await errors()).rows).toHaveLength(1), 60_000);
      const [{ message } = { message: '' }] = (await errors()).rows;
      expect(message).toMatch(/^waits to serve onnx-waits: npm cannot install onnxruntime-node@/);
      expect(message).toContain('npm has to reach its registry');
      expect(await Promise.race([ended, Promise.resolve('waits')])).toBe('waits');
    } finally {
      abort.abort();
      vi.unstubAllEnvs();
      expect(await ended).toBe('AbortError');
      await close();
      rmSync(nowhere, { recursive: true });
    }
  }, 90_000);

  describe('with the runtime', () => {
    beforeAll(() => fetchOnnxRuntime(loadConfig(), (line) => console.log(line)), 300_000);

    test.each(['logistic', 'network', 'bare'] as const)(
      '%s says what Python says, each time the same bits, and nothing where it has no number',
      (name) => {
        const model = loadOnnx(readModelBytes(name));
        expect(model.columns).toBe(COLUMNS);
        const predicted = expected.rows.map((row) => model.probabilityUp(row));
        expected[name].forEach((probability, i) => {
          if (probability === null) expect(predicted[i]).toBeNaN();
          else expect(predicted[i]).toBeCloseTo(probability, 6);
        });
        expect(expected.rows.map((row) => model.probabilityUp(row))).toEqual(predicted);
      },
    );

    test('is served from its artefact, the same bytes every time', () => {
      const { bytes, manifest } = imported('network');
      expect(imported('network').bytes).toEqual(bytes);
      expect(manifest.library).toContain('onnx');
      const model = loadModel(bytes, STREAM, loadOnnx);
      const original = loadOnnx(readModelBytes('network'));
      const { values } = rows[7] ?? { values: [] };
      const estimates = model.predict(values);
      expect(estimates.probabilityUp).toBe(original.probabilityUp(values));
      expect(estimates.outlier).toBe(false);
      const up = estimates.probabilityUp > 0.5 ? 1 : -1;
      expect(Math.sign(estimates.expectedReturn)).toBe(up);
    });

    test('is vetoed on a row to which it has no answer', () => {
      const model = loadModel(imported('bare').bytes, STREAM, loadOnnx);
      const { values } = whole[7] ?? { values: [] };
      expect(model.predict(values).outlier).toBe(false);
      expect(model.predict(values.map((value, i) => (i === 0 ? null : value)))).toEqual({
        ...{ probabilityUp: 0.5, expectedReturn: 0, outlier: true },
      });
    });

    test('is refused in words: other columns, no tensor of probabilities, no model at all', () => {
      const more = [...STREAM.featureNames, 'one_more'];
      expect(() => imported('logistic', more)).toThrow('takes 12 columns, the stream has 13');
      expect(() => imported('zipmap')).toThrow('"zipmap": False');
      const broken = Uint8Array.from([0x08, 1, 2, 3]);
      expect(() => loadOnnx(broken)).toThrow();
    });

    describe('from outside', () => {
      const rowMatrix = { rows: rows.slice(0, 100).map(({ values }) => values), columns: COLUMNS };
      const tried = (model: Uint8Array, bounds = {}): Promise<void> =>
        probeOnnx(model, rowMatrix, loadConfig(), bounds);

      test('is tried in a process of its own before any other opens it', async () => {
        await expect(tried(readModelBytes('network'))).resolves.toBeUndefined();
        const tree = { features: [11, 0, 0], yes: [1, 0, 0], no: [2, 0, 0] };
        const modes = ['BRANCH_LEQ', 'LEAF', 'LEAF'];
        await expect(tried(treeModel(COLUMNS, { ...tree, modes }))).resolves.toBeUndefined();
      });

      test('is refused where it takes GBs, or minutes, or crashes on them', async () => {
        await expect(tried(outerSum(COLUMNS, 30_000))).rejects.toThrow('more than 1024 MB');
        await expect(tried(outerSum(COLUMNS, 100_000))).rejects.toThrow('no answer to a row');
        const startMs = performance.now();
        const long = tried(longNetwork(COLUMNS, 2_000), { timeMs: 8_000 });
        await expect(long).rejects.toThrow('takes more than 8 s. Train a smaller one');
        expect(performance.now() - startMs).toBeLessThan(60_000);
        await expect(tried(Uint8Array.from([8, 1, 2, 3]))).rejects.toThrow('cut short');
      });
    });

    test('that its own data set leaves without answers is refused', () => {
      const holed = rows.map((row) => ({
        ...row,
        values: row.values.map((value, i) => (i === 2 ? null : value)),
      }));
      expect(() =>
        makeArtefact({
          ...{ bytes: readModelBytes('bare'), datasetId: 'ds-1', labelSpec: 'direction_1h@1' },
          ...{ rows: holed, ...STREAM, asOfTs: 1, expiresTs: null, onnx: loadOnnx },
        }),
      ).toThrow('answers 0 of the 2000 rows');
    });
  });
});
