import { describe, expect, test } from 'vitest';
import {
  manifestBins,
  DriftTally,
  driftSummary,
  featureDrift,
  FEWEST_ROWS,
  PSI_DRIFTED,
  stabilityIndex,
} from '../../src/learning/drift.ts';
import { binCount, findBin, featureBins } from '../../src/learning/feature-bins.ts';
import { decodeArtefact } from '../../src/learning/artefact.ts';
import { trainCandidate } from '../../src/learning/train.ts';
import { gaussian, seededRandom } from '../../src/random.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { featureNames, marketRows } from '../support/market-rows.ts';

const NAMES = ['drawn', 'switch', 'same', 'silent', 'holes'];

/** One feature of each kind; `shift` moves the drawn one, by its standard deviations. */
function drawRows(seed: number, count: number, shift = 0): (number | null)[][] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => [
    gaussian(random) + shift,
    i % 20 === 0 ? 1 : 0,
    7,
    null,
    i % 4 === 0 ? null : gaussian(random),
  ]);
}

const served = (rows: readonly (number | null)[][]): Record<string, number | null>[] =>
  rows.map((values) => Object.fromEntries(NAMES.map((name, i) => [name, values[i] ?? null])));

const all = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);
const binRows = (rows: (number | null)[][], names = NAMES.slice(0, rows[0]?.length)) =>
  featureBins(
    rows.map((values) => ({ values })),
    all(rows.length),
    names,
  );

/** One feature that forgets over `memory` rows, with standard deviation 1; `shift` moves it. */
function slowRows(seed: number, count: number, memory: number, shift = 0): number[][] {
  const random = seededRandom(seed);
  const kept = Math.exp(-1 / memory);
  let value = gaussian(random);
  return Array.from({ length: count }, () => {
    value = kept * value + Math.sqrt(1 - kept * kept) * gaussian(random);
    return [value + shift];
  });
}

const trained = binRows(drawRows(1, 5000));
const psiByFeature = (rows: readonly (number | null)[][]): Record<string, number | null> =>
  Object.fromEntries(featureDrift(trained, served(rows)).map(({ name, psi }) => [name, psi]));

describe('the bins of a training set', () => {
  test('are deciles of the rows that were trained on, and nothing of the others', () => {
    const rows = Array.from({ length: 200 }, (_, i) => ({ values: [i < 100 ? i + 1 : 1e9] }));
    const [bins] = featureBins(rows, all(100), ['x']);
    expect(bins).toMatchObject({
      ...{ name: 'x', constant: null, null_share: 0 },
      borders: [10, 20, 30, 40, 50, 60, 70, 80, 90],
      shares: Array.from({ length: 10 }, () => 0.1),
    });
    expect([1, 10, 10.5, 90, 91, 1e12].map((value) => findBin(bins!, value))).toEqual([
      ...[0, 0, 1, 8, 9, 9],
    ]);
  });

  test('are fewer where values repeat, and sum to one with the missing ones', () => {
    const [, flag, , silent, holes] = trained;
    expect(flag).toMatchObject({ borders: [0], shares: [0.95, 0.05], constant: null });
    expect(silent).toMatchObject({ borders: [], shares: [0], constant: null, null_share: 1 });
    expect(holes?.null_share).toBe(0.25);
    for (const { shares, null_share } of trained) {
      expect(shares.reduce((sum, share) => sum + share, null_share)).toBeCloseTo(1, 12);
    }
  });

  test('say how many rows apart two say something of their own', () => {
    const [runs, same] = binRows(Array.from({ length: 1000 }, (_, i) => [(i >> 1) % 2, 7]));
    // By hand: of neighbours as many agree as do not.
    expect(runs?.rows_apart).toBe(1);
    expect(same).toMatchObject({ rows_apart: 1, effective_rows: 1000 });
    const [halves] = binRows(Array.from({ length: 8 }, (_, i) => [Number(i >= 4)]));
    // Of 7 neighbours 6 agree and 1 does not, 5 / 7; two rows apart 4 and 2 of 6, 1 / 3.
    expect(halves?.rows_apart).toBeCloseTo(1 + 2 * (5 / 7 + (5 / 7 + 1 / 3) / 2), 12);
    expect(halves?.effective_rows).toBeCloseTo(8 / halves!.rows_apart!, 12);
    expect(trained[0]!.rows_apart, 'each drawn anew').toBe(1);
    const [slow] = binRows(slowRows(1, 50_000, 100));
    expect(slow!.rows_apart, 'about twice its memory').toBeGreaterThan(120);
    expect(slow!.rows_apart).toBeLessThan(260);
  });

  test('are "that value" and "any other" where there was one value', () => {
    const same = trained[2]!;
    expect(same).toMatchObject({ constant: 7, borders: [], shares: [1, 0], null_share: 0 });
    expect([6, 7, 8].map((value) => findBin(same, value))).toEqual([1, 0, 1]);
    expect(trained.map(binCount)).toEqual([10, 2, 2, 1, 10]);
  });
});

describe('the population stability index', () => {
  test('is the sum that its formula says', () => {
    // By hand: -0.1 ln(0.4/0.5) + 0.1 ln(0.6/0.5) = 0.022314 + 0.018232.
    expect(stabilityIndex([0.5, 0.5], [0.4, 0.6])).toBeCloseTo(0.0405465, 6);
    expect(stabilityIndex([0.2, 0.8], [0.2, 0.8])).toBe(0);
    // A share of nothing counts as 0.0001: 0.9999 ln 10000, twice.
    expect(stabilityIndex([1, 0], [0, 1])).toBeCloseTo(2 * 0.9999 * Math.log(1e4), 9);
  });

  test('is small for rows of the same market and large for those of another', () => {
    const same = psiByFeature(drawRows(2, 2000));
    for (const psi of Object.values(same)) expect(psi).toBeLessThan(0.05);
    expect(same['silent']).toBe(0);
    expect(psiByFeature(drawRows(2, 2000, 0.2))['drawn']).toBeLessThan(0.1);
    expect(psiByFeature(drawRows(2, 2000, 1))['drawn']).toBeGreaterThan(0.25);
  });

  test('shows a feed that fell silent, one that speaks up, and a constant that is another', () => {
    const rows = drawRows(3, 1000).map(([drawn, flag]) => [drawn!, flag!, 8, 5, null]);
    const found = featureDrift(trained, served(rows));
    expect(found.map(({ name, verdict }) => [name, verdict])).toEqual([
      ...[
        ['drawn', 'stable'],
        ['switch', 'stable'],
        ['same', 'drifted'],
      ],
      ...[
        ['silent', 'drifted'],
        ['holes', 'drifted'],
      ],
    ]);
    expect(found[4]).toMatchObject({ trained_null_share: 0.25, served_null_share: 1 });
  });

  test('of a slow feature is no drift where chance alone moves it as far', () => {
    const found = Array.from({ length: 30 }, (_, i) => {
      const bins = binRows(slowRows(2 * i + 1, 20_000, 300));
      const judged = (shift: number) =>
        featureDrift(bins, served(slowRows(2 * i + 2, 5_000, 300, shift)))[0]!;
      return { unmoved: judged(0), moved: judged(2) };
    });
    const beyond = found.filter(({ unmoved }) => (unmoved.psi ?? 0) >= PSI_DRIFTED);
    expect(beyond.length, 'by the index alone').toBeGreaterThan(7);
    const alarms = found.filter(({ unmoved }) => unmoved.verdict === 'drifted');
    expect(alarms.length, 'that are told').toBeLessThan(4);
    expect(found.filter(({ moved }) => moved.verdict === 'drifted').length).toBeGreaterThan(27);
  });

  test('counts missing values as a bin of their own', () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ values: [i < 750 ? i : null] }));
    const [bins] = featureBins(rows, all(1000), ['x']);
    const now = Array.from({ length: 750 }, (_, i) => ({ x: i })).filter(({ x }) => x % 3 > 0);
    const gone = Array.from({ length: 500 }, () => ({ x: null }));
    const [found] = featureDrift([bins!], [...now, ...gone]);
    // Ten bins of 0.05 instead of 0.075, and half missing instead of a quarter.
    const expected = -10 * 0.025 * Math.log(0.05 / 0.075) + 0.25 * Math.log(2);
    expect(found?.psi).toBeCloseTo(expected, 9);
    expect(found).toMatchObject({ served_null_share: 0.5, trained_null_share: 0.25 });
  });

  test('says nothing of few rows, and that a feature is not served where it is not', () => {
    const few = featureDrift(trained, served(drawRows(2, FEWEST_ROWS - 1, 5)));
    expect(few[0]).toMatchObject({ psi: null, verdict: 'few_rows', served_null_share: 0 });
    expect(driftSummary(few, new Map())).toBeNull();
    const enough = featureDrift(trained, served(drawRows(2, FEWEST_ROWS, 5)));
    expect(enough[0]?.verdict).toBe('drifted');
    const gone = served(drawRows(2, 1000)).map(({ drawn: _drawn, ...rest }) => rest);
    const found = featureDrift(trained, gone);
    expect(found[0]).toMatchObject({ psi: null, verdict: 'not_served', served_null_share: null });
    expect(featureDrift(trained, [])[0]).toMatchObject({ served_null_share: null });
    expect(driftSummary(found, new Map([['drawn', 0.7]]))).toEqual({
      ...{ shareDrifted: 0.2, gainShareDrifted: 0.7, drifted: ['drawn'] },
    });
  });

  test('is the same however the rows are cut into pieces', () => {
    const rows = served(drawRows(4, 1000, 0.3));
    const tally = new DriftTally(trained);
    for (let i = 0; i < 1000; i += 64) tally.add(rows.slice(i, i + 64));
    expect(tally.drift()).toEqual(featureDrift(trained, rows));
    expect(tally.rows).toBe(1000);
  });
});

describe("a model's manifest", () => {
  test('holds the bins of the rows that the model was trained on, where training made it', () => {
    const names = featureNames(4);
    const rows = marketRows({ seed: 5, rows: 6000, columns: 4, edge: 0 });
    const { bytes } = trainCandidate({
      ...{ rows, featureNames: names, featureSet: 'default@test', labelSpec: 'direction_1h@1' },
      ...{ trainer: testLightgbm(), seed: 1, expiresTs: null, replayParity: true },
      ...{ rounds: 2, gate: { resamples: 50 } },
    });
    const { manifest } = decodeArtefact(bytes);
    const count = rows.findIndex(({ decidedTs }) => decidedTs > manifest.trained.to_ts);
    expect(count).toBe(manifest.trained.rows);
    expect(manifestBins(manifest)).toEqual(featureBins(rows, all(count), names));
  }, 60_000);

  test('is told from one without bins, which is older or was made elsewhere', () => {
    expect(manifestBins({})).toBeNull();
    expect(manifestBins({ feature_bins: [] })).toBeNull();
    expect(manifestBins({ feature_bins: trained })).toBe(trained);
  });
});
