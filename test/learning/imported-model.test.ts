import { beforeAll, describe, expect, test } from 'vitest';
import { decodeArtefact } from '../../src/learning/artefact.ts';
import { makeArtefact, judgeModel, type ImportRequest } from '../../src/learning/imported-model.ts';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';
import { loadModel, type ServingModel } from '../../src/learning/serving-model.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { featureNames, marketRows } from '../support/market-rows.ts';

const COLUMNS = 12;
const NAMES = featureNames(COLUMNS);
const LABEL_SPEC = 'direction_1h@1';
const STREAM = { featureSet: 'default@test', featureNames: NAMES };

const market = marketRows({ seed: 3, rows: 9_000, columns: COLUMNS, edge: 0.5 });
const CUT = 6_000;
const asOfTs = market[CUT - 1]!.decidedTs;
/** What the set holds: rows whose outcome was known at its as-of barrier. */
const rows = market.filter(({ labelEndTs }) => labelEndTs <= asOfTs);

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const toMatrix = (of: typeof rows) => ({
  ...{ rows: of.length, columns: COLUMNS },
  values: Float64Array.from(of.flatMap((row) => row.values.map((value) => value ?? NaN))),
});

const trained = (more = {}): string =>
  testLightgbm().train({
    matrix: toMatrix(rows),
    labels: Float32Array.from(rows, ({ up }) => up),
    featureNames: NAMES,
    params: {
      ...{ objective: 'binary', num_leaves: 8, learning_rate: 0.03, min_data_in_leaf: 600 },
      ...more,
    },
    rounds: 60,
    seed: 1,
  });

let text = '';
beforeAll(() => {
  text = trained();
}, 180_000);

const imported = (more: Partial<ImportRequest> = {}): ReturnType<typeof makeArtefact> =>
  makeArtefact({
    ...{ bytes: toBytes(text), datasetId: 'ds-1', labelSpec: LABEL_SPEC, rows, asOfTs },
    ...{ ...STREAM, expiresTs: 99, onnx: null },
    ...more,
  });

const judge = (model: ServingModel, cut = asOfTs): ReturnType<typeof judgeModel> =>
  judgeModel(model, market, {
    ...{ labelSpec: LABEL_SPEC, asOfTs: cut, replayParity: true, seed: 1 },
    settings: { resamples: 500 },
  });

describe('a model that LightGBM saved as text', () => {
  test('serves its own probabilities, and a return by the usual move', () => {
    const model = loadModel(imported().bytes, STREAM);
    const original = parseLightgbmModel(text);
    const mean = rows.reduce((sum, row) => sum + Math.abs(row.forwardReturn), 0) / rows.length;
    for (const { values } of market.slice(CUT, CUT + 500)) {
      const { probabilityUp, expectedReturn } = model.predict(values);
      expect(probabilityUp).toBeCloseTo(original.predict(values), 14);
      expect(expectedReturn).toBeCloseTo(mean * (2 * probabilityUp - 1), 14);
    }
    expect(model.expiresTs).toBe(99);
  });

  test('may be a random forest, and answers as LightGBM does', () => {
    const forest = trained({ boosting: 'rf', bagging_freq: 1, bagging_fraction: 0.5 });
    const model = loadModel(imported({ bytes: toBytes(forest) }).bytes, STREAM);
    const rest = market.slice(CUT, CUT + 500);
    const predicted = testLightgbm().predict(forest, toMatrix(rest));
    for (const [i, { values }] of rest.entries()) {
      expect(model.predict(values).probabilityUp).toBeCloseTo(predicted[i]!, 12);
    }
    expect(judge(model).passed).toBe(true);
  });

  test('knows what its data set spanned, and is the same bytes every time', () => {
    const { manifest, bytes } = imported();
    expect(manifest.features.map(({ name }) => name)).toEqual(NAMES);
    expect(manifest.trained.rows).toBe(rows.length);
    expect(imported().bytes).toEqual(bytes);
    const far = rows[0]!.values.map(() => 1e6);
    expect(loadModel(bytes, STREAM).predict(far).outlier).toBe(true);
  });

  test('is judged by the same gate, on decisions behind the as-of barrier alone', () => {
    const model = loadModel(imported().bytes, STREAM);
    const verdict = judge(model);
    expect(verdict.passed).toBe(true);
    expect(verdict.comparisons?.[0]?.rows).toBe(market.length - CUT);
    const late = judge(model, market.at(-100)!.decidedTs);
    expect(late.reasons.find(({ rule }) => rule === 'minimum_rows')).toMatchObject({
      ...{ passed: false, value: 99 },
    });
  });

  test('is refused by the same gate when it knows nothing', () => {
    const model = loadModel(imported().bytes, STREAM);
    const blind = {
      ...model,
      predict: () => ({ probabilityUp: 0.3, expectedReturn: 0, outlier: false }),
    };
    expect(judge(blind).passed).toBe(false);
  });
});

describe('what is imported', () => {
  test('may be a file of ours, which stays as it is', () => {
    const { bytes } = imported();
    expect(imported({ bytes }).bytes).toBe(bytes);
    expect(() => imported({ bytes, datasetId: 'ds-2' })).toThrow('trained on ds-1, not on ds-2');
    expect(() => imported({ bytes, labelSpec: 'direction_4h@1' })).toThrow('name its own');
  });

  test('is refused in words when it is something else', () => {
    expect(() => imported({ bytes: toBytes('PK..') })).toThrow('neither tickloom-model@1 (JSON)');
    expect(() => imported({ bytes: toBytes('{}') })).toThrow('format "undefined"');
    const other = NAMES.map((name, i) => (i === 4 ? 'tomorrow' : name));
    expect(() => imported({ featureNames: other })).toThrow(
      "feature 4 of the model is feature_4, the stream's is tomorrow",
    );
    expect(() => imported({ rows: [] })).toThrow('has no rows of this instrument');
    const regression = text.replace('objective=binary sigmoid:1', 'objective=regression');
    expect(() => imported({ bytes: toBytes(regression) })).toThrow('up or not is binary');
  });
});

describe('a model file of ours from outside', () => {
  const changed = (more: object): Uint8Array => {
    const artefact = decodeArtefact(imported().bytes);
    const manifest = Object.assign({}, artefact.manifest, more);
    return toBytes(JSON.stringify(Object.assign({}, artefact, { manifest })));
  };
  const serving = { base_log_odds: 0, direction_shrink: 1, return_scale: 1 };
  let deep: unknown = 1;
  for (let level = 0; level < 500; level++) deep = [deep];

  test('is taken as it was trained', () => {
    expect(imported({ bytes: changed({}) }).manifest).toEqual(imported().manifest);
  });

  test.each([
    [{ serving: { ...serving, return_scale: 1e300 } }, 'serving.return_scale is "1e+300"'],
    [{ serving: { ...serving, base_log_odds: null } }, 'serving.base_log_odds is "null"'],
    [{ serving: null }, 'serving.base_log_odds is "undefined"'],
    [{ expires_ts: 'never' }, 'expires_ts is "never"'],
    [{ features: 'none' }, 'it has no features'],
    [{ features: [{ name: 'a', low: 'x', high: 1, null_share: 0 }] }, 'feature "a" is none'],
    [{ features: [null] }, 'is none'],
    [{ library: 'a\0b' }, 'it has a NUL in a text'],
    [{ params: deep }, 'nested deeper than 32'],
    [{ label_spec: 'x'.repeat(301) }, 'label_spec is no name'],
    [{ params: { text: 'x'.repeat(9_000_000) } }, 'up to 8388608 are taken'],
  ])('with another manifest is refused: %#', (more, reason) => {
    expect(() => imported({ bytes: changed(more) })).toThrow(reason);
  });

  test('is refused where LightGBM applies another sigmoid than serving does', () => {
    const other = text.replace('objective=binary sigmoid:1', 'objective=binary sigmoid:2');
    expect(() => imported({ bytes: toBytes(other) })).toThrow('train it with sigmoid=1');
  });
});
