import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeArtefact, encodeArtefact } from '../../src/learning/artefact.ts';
import { loadModel, unavailableModel } from '../../src/learning/serving-model.ts';
import { trainCandidate, type Candidate, type CandidateRequest } from '../../src/learning/train.ts';
import type { Trainer, TrainingRow } from '../../src/learning/train-fold.ts';
import { seededRandom } from '../../src/random.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { featureNames, marketRows } from '../support/market-rows.ts';

const COLUMNS = 12;
const NAMES = featureNames(COLUMNS);
const STREAM = { featureSet: 'default@test', featureNames: NAMES };

let trainer: Trainer;
beforeAll(() => {
  trainer = testLightgbm();
}, 180_000);

const drawRows = (seed: number, edge: number, rows = 11_000): TrainingRow[] =>
  marketRows({ seed, rows, columns: COLUMNS, edge });

/** Without a search, for time: one candidate. */
const train = (rows: readonly TrainingRow[], changes: Partial<CandidateRequest> = {}): Candidate =>
  trainCandidate({
    rows,
    featureNames: NAMES,
    featureSet: STREAM.featureSet,
    labelSpec: 'direction_1h@1',
    trainer,
    seed: 7,
    expiresTs: null,
    replayParity: true,
    rounds: 40,
    gate: { resamples: 500 },
    searched: [{ name: 'medium', params: {} }],
    ...changes,
  });

/** With the search that is made when none is given. */
const WHOLE = { searched: undefined };

/** Where what the trees find does not matter. */
const BRIEF = { rounds: 2 };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The rows with outcomes that belong to other rows: nothing is left to learn. */
function shuffled(rows: readonly TrainingRow[], seed: number): TrainingRow[] {
  const random = seededRandom(seed);
  const order = rows.map((_, i) => i);
  // Blocks of an hour move whole, so that outcomes still overlap as they did.
  const blocks = Array.from({ length: Math.floor(rows.length / 60) }, (_, i) =>
    order.slice(i * 60, i * 60 + 60),
  );
  for (let i = blocks.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [blocks[i], blocks[other]] = [blocks[other]!, blocks[i]!];
  }
  return blocks.flat().map((from, i) => {
    const { up, forwardReturn } = rows[from]!;
    return Object.assign({}, rows[i], { up, forwardReturn }) as TrainingRow;
  });
}

/** The loaded model's estimates on the holdout have the losses that the manifest states. */
function expectServedAsJudged({ bytes, manifest }: Candidate, rows: readonly TrainingRow[]): void {
  const model = loadModel(bytes, STREAM);
  const judged = rows.filter(({ decidedTs }) => decidedTs >= manifest.slice.test_from_ts);
  const loss = average(
    judged.map(({ values, up }) => {
      const { probabilityUp } = model.predict(values);
      return -Math.log(up === 1 ? probabilityUp : 1 - probabilityUp);
    }),
  );
  expect(loss).toBeCloseTo(manifest.slice.direction.candidate.log_loss!, 12);
  const error = average(
    judged.map(
      ({ values, forwardReturn }) => (model.predict(values).expectedReturn - forwardReturn) ** 2,
    ),
  );
  expect(error / manifest.slice.return.candidate.squared_error!).toBeCloseTo(1, 12);
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** With an edge that is not linear, and the candidate of a whole training on it. */
const edgeRows = drawRows(1, 0.5);
let whole: Candidate;
beforeAll(() => {
  whole = train(edgeRows, WHOLE);
}, 60_000);

describe('a candidate from a market with an edge that is not linear', () => {
  test('passes the gate', () => {
    expect(whole.verdict.reasons.filter(({ passed }) => !passed)).toEqual([]);
    expect(whole.manifest.slice.score_auc!).toBeGreaterThan(0.6);
  });

  test('serves what was fitted on all rows where that is asked, and says what was judged', () => {
    const again = train(edgeRows, { ...WHOLE, refit: true });
    const { trained, judged, slice, gate } = again.manifest;
    expect(judged).toEqual(whole.manifest.trained);
    expect({ slice, gate }).toEqual({ slice: whole.manifest.slice, gate: whole.manifest.gate });
    expect(trained).toEqual({
      ...{ from_ts: edgeRows[0]?.decidedTs, to_ts: edgeRows.at(-1)?.decidedTs },
      rows: edgeRows.length,
    });
    expect(sha256(again.bytes)).toBe(sha256(train(edgeRows, { ...WHOLE, refit: true }).bytes));
    const [one, other] = [whole, again].map(({ bytes }) => loadModel(bytes, STREAM));
    const { values } = edgeRows[0]!;
    expect(other!.predict(values).probabilityUp).not.toBe(one!.predict(values).probabilityUp);
  }, 60_000);

  test('that does not pass is not fitted again', () => {
    const replayParity = false;
    const { manifest, bytes } = train(edgeRows, { ...BRIEF, refit: true, replayParity });
    expect(manifest.judged).toBeUndefined();
    expect(sha256(bytes)).toBe(sha256(train(edgeRows, { ...BRIEF, replayParity }).bytes));
  });

  test('names the feature that knows', () => {
    const [first, ...others] = whole.manifest.importance;
    expect(first?.feature).toBe('feature_0');
    expect(first!.permutation_auc_loss).toBeGreaterThan(0.05);
    for (const { permutation_auc_loss } of others) {
      expect(permutation_auc_loss).toBeLessThan(first!.permutation_auc_loss!);
    }
  });

  test('is the same to the byte when trained again, and another for another seed', () => {
    expect(sha256(train(edgeRows, WHOLE).bytes)).toBe(sha256(whole.bytes));
    expect(sha256(train(edgeRows, { seed: 8, ...WHOLE }).bytes)).not.toBe(sha256(whole.bytes));
  });

  test('says what it was made from', () => {
    const { manifest } = decodeArtefact(whole.bytes);
    expect(manifest).toEqual(whole.manifest);
    expect(manifest.library).toBe('lightgbm 4.3.0');
    expect(manifest.window).toEqual({
      from_ts: edgeRows[0]!.decidedTs,
      to_ts: edgeRows.at(-1)!.decidedTs,
    });
    const { trained, slice, folds, gate } = manifest;
    expect(trained.rows + slice.purged + slice.embargoed + slice.test_rows).toBe(edgeRows.length);
    expect(folds).toHaveLength(3);
    expect(gate).toEqual(whole.verdict);
  });

  test('serves what it was judged by', () => {
    expectServedAsJudged(whole, edgeRows);
  });

  test('knows nothing of the holdout', () => {
    const from = whole.manifest.slice.test_from_ts;
    const turned = edgeRows.map((row) =>
      row.labelEndTs < from
        ? row
        : {
            ...row,
            values: row.values.map((value) => (row.decidedTs < from ? value : 9)),
            up: row.up === 1 ? (0 as const) : (1 as const),
            forwardReturn: 0.5,
          },
    );
    const other = decodeArtefact(train(turned, WHOLE).bytes);
    const own = decodeArtefact(whole.bytes);
    expect(other.direction).toBe(own.direction);
    expect(other.return).toBe(own.return);
    expect(other.manifest.serving).toEqual(own.manifest.serving);
    expect(other.manifest.features).toEqual(own.manifest.features);
    expect(other.manifest.folds).toEqual(own.manifest.folds);
    expect(other.manifest.params).toEqual(own.manifest.params);
    expect(other.manifest.training).toEqual(own.manifest.training);
    expect(other.manifest.importance).toEqual(own.manifest.importance);
    expect(other.manifest.slice).not.toEqual(own.manifest.slice);
  });

  test('is judged only on rows that the champion spoke on', () => {
    const silent = edgeRows.map((row, i) =>
      i % 2 === 0 ? { ...row, championProbability: null } : row,
    );
    const { slice } = train(silent).manifest;
    expect(slice.direction.candidate.rows).toBe(slice.direction.champion.rows);
    expect(Math.abs(slice.direction.champion.rows - slice.test_rows / 2)).toBeLessThanOrEqual(1);
    expect(slice.return.candidate.rows).toBe(slice.test_rows);
  });

  test('is judged by squared error when the label spec says so', () => {
    const { verdict } = train(edgeRows, { labelSpec: 'return_1h@1' });
    expect(JSON.stringify(verdict)).toContain('squared_error');
  });
});

describe('how a candidate came to be', () => {
  test('is a search over a few parameters, of which one was taken', () => {
    const { training, params } = whole.manifest;
    expect(training!.search.map(({ name }) => name)).toEqual(['small', 'medium', 'large']);
    const taken = training!.search.filter(({ chosen }) => chosen);
    expect(taken).toHaveLength(1);
    expect(params).toMatchObject(taken[0]!.params);
  });

  test('leaves given parameters alone', () => {
    const { params } = train(edgeRows, { params: { num_leaves: 5 }, rounds: 2, ...WHOLE }).manifest;
    expect(params['num_leaves']).toBe(5);
  });

  test('is learnt better from more rows, and says how its probabilities fared by bin', () => {
    const { training, slice, folds } = whole.manifest;
    const curve = training!.learning_curve;
    expect(curve.map(({ share }) => share)).toEqual([0.25, 0.5, 1]);
    expect(curve.at(-1)!.train_rows).toBe(folds.at(-1)!.train_rows);
    expect(curve.at(-1)!.score_auc).toBe(folds.at(-1)!.score_auc);
    expect(curve.at(-1)!.score_auc!).toBeGreaterThan(curve[0]!.score_auc!);
    const binned = slice.calibration!.reduce((sum, { count }) => sum + count, 0);
    expect(binned).toBe(slice.direction.candidate.rows);
  });

  test('weighs rows by their age: another half-life is another model', () => {
    expect(whole.manifest.training!.half_life_days).toBe(30);
    const [aged, flat] = [
      train(edgeRows, BRIEF),
      train(edgeRows, { ...BRIEF, halfLifeDays: null }),
    ];
    expect(flat.manifest.training!.half_life_days).toBeNull();
    expect(decodeArtefact(flat.bytes).direction).not.toBe(decodeArtefact(aged.bytes).direction);
  });

  test('leaves flash crashes out of training alone, and counts them', () => {
    expect(whole.manifest.training!.excluded).toEqual({ flash_crash: 0 });
    const crash = (at: number, forwardReturn: number) => ({ ...edgeRows[at]!, forwardReturn });
    const crashed = edgeRows.with(500, crash(500, -0.5)).with(560, crash(560, 0.9));
    const { training, trained, slice } = train(crashed, BRIEF).manifest;
    expect(training!.excluded).toEqual({ flash_crash: 2 });
    expect(trained.rows).toBe(whole.manifest.trained.rows - 2);
    const last = edgeRows.length - 500;
    const later = edgeRows.with(last, crash(last, -0.5)).with(last + 60, crash(last + 60, 0.9));
    const judged = train(later, BRIEF).manifest;
    expect(judged.training!.excluded).toEqual({ flash_crash: 0 });
    expect(judged.slice.return.candidate.squared_error!).toBeGreaterThan(
      10 * slice.return.candidate.squared_error!,
    );
  });

  test('serves a calibrated model exactly as it was judged', () => {
    // Few rounds: the trees are far less sure than they could be.
    const timid = train(edgeRows, { rounds: 6 });
    const { serving, training } = timid.manifest;
    expect(training!.calibration.kept).toBe(true);
    expect(serving.direction_shrink).toBe(training!.calibration.slope);
    expect(serving.direction_shrink).toBeGreaterThan(1.5);
    expect(serving.direction_shift).toBe(training!.calibration.shift);
    expect(serving.direction_shift).not.toBe(0);
    expectServedAsJudged(timid, edgeRows);
  });

  test('need not be told: an artefact from before serves as it did', () => {
    const { manifest, ...texts } = decodeArtefact(whole.bytes);
    const { training: _, ...older } = manifest;
    const { direction_shift: __, ...serving } = manifest.serving;
    const unshifted = { ...manifest, serving: { ...serving, direction_shift: 0 } };
    const [now, before] = [unshifted, { ...older, serving }].map((each) =>
      loadModel(encodeArtefact({ ...texts, manifest: each }), STREAM),
    );
    for (const { values } of edgeRows.slice(-100)) {
      expect(before!.predict(values)).toEqual(now!.predict(values));
    }
  });
});

describe('a candidate that has nothing to learn', () => {
  test.each([11, 12, 13, 14])('is refused: no edge, seed %s', (seed) => {
    expect(train(drawRows(seed, 0, 8000)).verdict.passed).toBe(false);
  });

  test('is pulled back all the way where its folds found nothing', () => {
    const { serving, slice } = train(drawRows(11, 0, 8000)).manifest;
    expect(serving.direction_shrink).toBe(0);
    expect(serving.return_scale).toBe(0);
    expect(slice.direction.candidate.log_loss).toBeCloseTo(slice.direction.base_rate.log_loss!, 12);
  });

  test('serves what it was judged by when pulled back half of the way', () => {
    const rows = drawRows(15, 0, 8000);
    const candidate = train(rows);
    const { direction_shrink } = candidate.manifest.serving;
    expect(direction_shrink).toBeGreaterThan(0.1);
    expect(direction_shrink).toBeLessThan(0.9);
    expectServedAsJudged(candidate, rows);
  });

  test.each([1, 2])('is refused: the outcomes of an edge shuffled, seed %s', (seed) => {
    expect(train(shuffled(drawRows(1, 0.5), seed)).verdict.passed).toBe(false);
  });
});

describe('training rows that will not do', () => {
  test('are counted when too few', () => {
    expect(() => train(drawRows(1, 0, 1000))).toThrow(/1000 rows leave 580 .*at least 2400/);
  });

  test('are refused with odd names, lengths or returns', () => {
    const rows = drawRows(1, 0, 10);
    const named = NAMES.with(0, 'a b');
    expect(() => train(rows, { featureNames: named })).toThrow('"a b" cannot be');
    expect(() => train(rows.with(3, { ...rows[3]!, values: [1] }))).toThrow('row 3 has 1 values');
    expect(() => train(rows.with(3, { ...rows[3]!, forwardReturn: NaN }))).toThrow('no return');
  });
});

describe('a model file', () => {
  let candidate: Candidate;
  beforeAll(() => {
    candidate = train(drawRows(3, 0.5, 6000), { rounds: 5, expiresTs: 123 });
  });

  test('is refused by a stream of other features', () => {
    const swapped = NAMES.with(0, NAMES[1]!).with(1, NAMES[0]!);
    expect(() => loadModel(candidate.bytes, { ...STREAM, featureNames: swapped })).toThrow(
      "the model's feature 0 is feature_0, the stream's is feature_1",
    );
    expect(() => loadModel(candidate.bytes, { ...STREAM, featureNames: [...NAMES, 'x'] })).toThrow(
      "feature 12 is none, the stream's is x",
    );
    expect(() => loadModel(candidate.bytes, { ...STREAM, featureSet: 'default@new' })).toThrow(
      'trained on feature set default@test',
    );
  });

  test('says nothing where it cannot be asked', () => {
    const silent = unavailableModel(candidate.bytes);
    expect(silent.predict([])).toEqual({ probabilityUp: 0.5, expectedReturn: 0, outlier: false });
    expect(silent.expiresTs).toBe(-Infinity);
    expect(silent.manifest.feature_set).toBe('default@test');
  });

  test('is refused when it is something else', () => {
    const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    expect(() => loadModel(new Uint8Array([0xff]), STREAM)).toThrow('is no JSON');
    expect(() => loadModel(text(null), STREAM)).toThrow('no object');
    expect(() => loadModel(text({ format: 'other' }), STREAM)).toThrow('format "other"');
    const artefact = decodeArtefact(candidate.bytes);
    const swapped = encodeArtefact({ ...artefact, direction: artefact.return! });
    expect(() => loadModel(swapped, STREAM)).toThrow('in place of binary');
  });

  test('carries its expiry', () => {
    expect(loadModel(candidate.bytes, STREAM).expiresTs).toBe(123);
    const forever = train(drawRows(3, 0.5, 6000), { rounds: 2 });
    expect(loadModel(forever.bytes, STREAM).expiresTs).toBe(Infinity);
  });

  test('calls a row an outlier when much of it is unlike its training', () => {
    const model = loadModel(candidate.bytes, STREAM);
    const { features } = candidate.manifest;
    const rows = drawRows(3, 0.5, 6000);
    const outliers = rows.filter(({ values }) => model.predict(values).outlier);
    expect(outliers.length / rows.length).toBeLessThan(0.01);
    const [usual] = rows;
    const far = (count: number): (number | null)[] =>
      usual!.values.map((value, i) => (i < count ? 1e6 : value));
    expect(model.predict(far(1)).outlier).toBe(false);
    expect(model.predict(far(2)).outlier).toBe(true);
    // The first feature and the past returns always had a value in training.
    const always = features.map(({ null_share }) => null_share === 0);
    expect(always.filter(Boolean).length).toBeGreaterThan(2);
    const gone = usual!.values.map((value, i) => (always[i] ? null : value));
    expect(model.predict(gone).outlier).toBe(true);
  });
});
