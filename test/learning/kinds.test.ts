import { beforeAll, describe, expect, test } from 'vitest';
import { must } from '../../src/assert.ts';
import { decodeArtefact } from '../../src/learning/artefact.ts';
import { parseLightgbmModel } from '../../src/learning/lightgbm-model.ts';
import { FOREST, SEARCHED, searchedWith } from '../../src/learning/search.ts';
import { loadModel, calibratedProbability } from '../../src/learning/serving-model.ts';
import type { Candidate, CandidateRequest } from '../../src/learning/train.ts';
import type { Trainer, TrainingRow } from '../../src/learning/train-fold.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { makeCandidate } from '../support/candidate.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { featureNames, marketRows } from '../support/market-rows.ts';

const COLUMNS = 12;
const STREAM = { featureSet: 'default@test', featureNames: featureNames(COLUMNS) };

let trainer: Trainer;
beforeAll(() => {
  trainer = testLightgbm();
}, 180_000);

const train = (rows: readonly TrainingRow[], changes: Partial<CandidateRequest> = {}): Candidate =>
  makeCandidate(rows, { trainer, rounds: 20, ...changes });

const rows = marketRows({ seed: 1, rows: 6_500, columns: COLUMNS, edge: 0.5 });
const medium = { name: 'medium', params: {} };
const forest = { name: 'forest', params: FOREST };
const mixed = { name: 'medium and forest', params: {}, beside: FOREST };

/** Features of noise; up is what two of them tell together, and neither alone. */
function interaction(seed: number): TrainingRow[] {
  const random = seededRandom(seed);
  return marketRows({ seed, rows: 9_000, columns: COLUMNS, edge: 0 }).map((row) => {
    const values = Array.from({ length: COLUMNS }, () => gaussian(random));
    const signal = must(values[0]) * must(values[1]) > 0 ? 0.8 : -0.8;
    const forwardReturn = (signal + gaussian(random)) / 1_000;
    return Object.assign({}, row, { values, forwardReturn, up: forwardReturn > 0 ? 1 : 0 });
  });
}

describe('boosted trees and a forest side by side', () => {
  let both: Candidate;
  beforeAll(() => {
    both = train(rows, { searched: [mixed] });
  }, 60_000);

  test('serve the mean of what each of them says, of the direction and of the return', () => {
    const texts = [both, ...[medium, forest].map((each) => train(rows, { searched: [each] }))].map(
      ({ bytes }) => decodeArtefact(bytes),
    );
    for (const target of ['direction', 'return'] as const) {
      const [one, trees, wood] = texts.map((text) => parseLightgbmModel(must(text[target])));
      expect(must(one).trees).toBe(must(trees).trees + must(wood).trees);
      for (const { values } of rows.slice(-500)) {
        const [boosted, mean] = [must(trees).predictRaw(values), must(wood).predictRaw(values)];
        expect(Math.abs(boosted - mean)).toBeGreaterThan(1e-9);
        const difference = must(one).predictRaw(values) - (boosted + mean) / 2;
        expect(Math.abs(difference)).toBeLessThan(1e-12);
      }
    }
    const { base_log_odds, direction_shrink, direction_shift } = both.manifest.serving;
    const served = loadModel(both.bytes, STREAM);
    const direction = parseLightgbmModel(must(texts[0]).direction);
    for (const { values } of rows.slice(-100)) {
      const score = direction.predictRaw(values);
      const probability = calibratedProbability(
        score,
        base_log_odds,
        direction_shrink,
        direction_shift,
      );
      expect(served.predict(values).probabilityUp).toBe(probability);
    }
  });

  test('are in the manifest, with the parameters of each', () => {
    const { training, params } = both.manifest;
    expect(training).toMatchObject({ kinds: ['gbdt', 'rf'], beside: FOREST });
    expect(training!.search[0]).toMatchObject({ name: 'medium and forest', beside: FOREST });
    expect(params).toMatchObject({ num_leaves: 8, min_data_in_leaf: 600 });
    expect(decodeArtefact(both.bytes).manifest).toEqual(both.manifest);
  });

  test('are the same to the byte when trained again', () => {
    expect(train(rows, { searched: [mixed] }).bytes).toEqual(both.bytes);
    expect(train(rows, { searched: [mixed], seed: 8 }).bytes).not.toEqual(both.bytes);
  });

  test('name the features by the gain of all their trees', () => {
    const [first, ...others] = both.manifest.importance;
    expect(first?.feature).toBe('feature_0');
    expect(others.length).toBeGreaterThan(2);
    const shares = both.manifest.importance.map(({ gain_share }) => gain_share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test('come with as many seeds of each where both are asked for', () => {
    const bagged = { ...mixed, bags: 3 };
    const { bytes, manifest } = train(rows, { searched: [bagged], rounds: 2 });
    expect(parseLightgbmModel(decodeArtefact(bytes).direction).trees).toBe(2 * 3 * 2);
    expect(manifest.training).toMatchObject({ bags: 3, kinds: ['gbdt', 'rf'] });
  });
});

describe('a training with a forest', () => {
  test('takes it where it finds what boosted trees of the usual size miss', () => {
    const { manifest } = train(interaction(1), { searched: [medium, forest], rounds: 80 });
    expect(manifest.training).toMatchObject({ kinds: ['rf'] });
    expect(manifest.training).not.toHaveProperty('beside');
    expect(manifest.params).toMatchObject(FOREST);
    const [simpler] = manifest.training!.search;
    expect(simpler!.behind_best).toBeGreaterThan(2 * simpler!.standard_error!);
    expect(manifest.slice.score_auc!).toBeGreaterThan(0.6);
  });

  test('takes it among all that is searched where it is better, and the gate lets it pass', () => {
    const market = marketRows({ seed: 13, rows: 8_000, columns: COLUMNS, edge: 0.5 });
    const { manifest, verdict } = train(market, { kinds: ['gbdt', 'rf'], rounds: 80 });
    const { search } = manifest.training!;
    expect(search.find(({ chosen }) => chosen)?.name).toBe('forest');
    const behind = search.slice(0, 3).map((row) => row.behind_best / row.standard_error!);
    expect(Math.min(...behind)).toBeGreaterThan(1);
    expect(verdict.passed).toBe(true);
  });

  test('serves it as it was judged', () => {
    const { bytes, manifest } = train(rows, { searched: [forest] });
    const model = loadModel(bytes, STREAM);
    const judged = rows.filter(({ decidedTs }) => decidedTs >= manifest.slice.test_from_ts);
    const losses = judged.map(({ values, up }) => {
      const { probabilityUp } = model.predict(values);
      return -Math.log(up === 1 ? probabilityUp : 1 - probabilityUp);
    });
    const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length;
    expect(loss).toBeCloseTo(manifest.slice.direction.candidate.log_loss!, 12);
  });

  test('stays a forest whatever is asked of boosted trees', () => {
    const params = { boosting: 'gbdt', bagging_freq: 0, num_leaves: 5, max_bin: 31 };
    const { manifest } = train(rows, { searched: [mixed], rounds: 2, params });
    expect(manifest.params).toMatchObject(params);
    expect(manifest.training!.beside).toMatchObject({ ...FOREST, max_bin: 31 });
    expect(manifest.training!.kinds).toEqual(['gbdt', 'rf']);
  });

  test('searches it alone and beside boosted trees, and not where it is not asked for', () => {
    const names = (kinds: readonly ('gbdt' | 'rf')[]) =>
      train(rows, { kinds, rounds: 2 }).manifest.training!.search.map(({ name }) => name);
    const usual = SEARCHED.map(({ name }) => name);
    expect(names(['gbdt', 'rf'])).toEqual([...usual, 'forest', 'medium and forest']);
    expect(names(['gbdt'])).toEqual(usual);
  });

  test('goes from one model to several and then to the rows of others', () => {
    const all = searchedWith({ bags: 3, isPooled: true, kinds: ['gbdt', 'rf'] });
    expect(all.slice(SEARCHED.length).map(({ name }) => name)).toEqual([
      'forest',
      'medium, mean of 3 seeds',
      'medium and forest',
      'medium, pooled',
    ]);
  });
});

describe('a training of boosted trees alone', () => {
  test('has the bytes that it had before there were others', () => {
    const before = train(rows, { rounds: 2 });
    const now = train(rows, { rounds: 2, kinds: ['gbdt'] });
    expect(now.bytes).toEqual(before.bytes);
    const { training } = before.manifest;
    expect(training).not.toHaveProperty('kinds');
    expect(training).not.toHaveProperty('beside');
    for (const row of training!.search) expect(row).not.toHaveProperty('beside');
  });
});
