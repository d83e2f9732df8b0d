/** The parts of the promotion benchmark whose truth is known without it. */
import { expect, test } from 'vitest';
import { US_PER_DAY, US_PER_HOUR, US_PER_MIN } from '../../../src/domain/time.ts';
import { probabilityBet } from '../../../src/learning/evidence/bets.ts';
import { sessionValues } from '../../../src/learning/evidence/sessions.ts';
import { Instrument } from './instrument.ts';
import { planKappas, MarketDays, ROWS } from './market.ts';
import { measure } from './measures.ts';
import { kappaOfGain, SimulatedModel, zeroGainNoise, type ModelPlan } from './model.ts';
import { normalBelow } from './normal.ts';
import { POLICIES } from './policies/all.ts';
import { takeLatest } from './policies/take-latest.ts';
import { measurePower } from './power.ts';
import { planInstrument, type Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

const model = (shape: Pick<ModelPlan, 'slope' | 'noise'>, id = 1): SimulatedModel =>
  new SimulatedModel({ ...shape, id, seed: id, arrivedDay: 0, expiresDay: Infinity });

const SCENARIO: Scenario = {
  ...{ instruments: 1, days: 60, every: 2, real: 0.25 },
  ...{ holdoutDays: 4, expiryDays: 30, candidates: 'mixed' },
};

test('the true probability of "up" is the observed frequency', () => {
  const kappa = kappaOfGain(0.12);
  const market = new MarketDays(3);
  const bins = Array.from({ length: 8 }, () => ({ rows: 0, expected: 0, up: 0 }));
  for (let day = 0; day < 400; day++) {
    const { z, up } = market.next(kappa);
    for (let i = 0; i < ROWS; i += 20) {
      const p = normalBelow(kappa * z[i]!);
      const bin = bins[Math.min(7, Math.floor(8 * p))]!;
      bin.rows += 1;
      bin.expected += p;
      bin.up += up[i]!;
    }
  }
  for (const { rows, expected, up } of bins) {
    expect(rows).toBeGreaterThan(1_000);
    // Neighbours share outcomes: some 3 rows are worth one.
    expect(Math.abs(up - expected) / rows).toBeLessThan(3.5 * Math.sqrt((0.25 * 3) / rows));
  }
});

test('expected gains are those that come, on average over many days', () => {
  const kappa = kappaOfGain(0.12);
  const shape = { slope: 0.8 * kappa, noise: 0.4 };
  const one = model(shape);
  const market = new Instrument(5, new Float64Array(600).fill(kappa), 2);
  let sum = 0;
  let squares = 0;
  for (let day = 0; day < 600; day++) {
    market.advance();
    const gain =
      market.losses(null, day)[0]! - market.losses(one, day).reduce((a, b) => a + b) / 11;
    sum += gain;
    squares += gain ** 2;
  }
  const mean = sum / 600;
  const error = Math.sqrt((squares / 600 - mean ** 2) / 600);
  expect(error).toBeLessThan(0.005);
  expect(Math.abs(mean - one.gain(kappa))).toBeLessThan(3.5 * error);
});

test('whoever knows all gains what was planted; a zero-mean null nothing; noise loses', () => {
  const kappa = kappaOfGain(0.05);
  expect(model({ slope: kappa, noise: 0 }).gain(kappa)).toBeCloseTo(0.05, 9);
  expect(model({ slope: kappa, noise: zeroGainNoise(kappa) }).gain(kappa)).toBeCloseTo(0, 9);
  expect(model({ slope: 0, noise: 0.2 }).gain(kappa)).toBeLessThan(-0.01);
  // What a bot earns where nothing is to be known is its cost.
  expect(model({ slope: kappa, noise: 0.1 }).profit(0)).toBeLessThan(0);
  expect(model({ slope: kappa, noise: 0.1 }).profit(kappa)).toBeGreaterThan(0.02);
});

test('sessions are those that a review computes from predictions and outcomes', () => {
  const kappa = kappaOfGain(0.2);
  const market = new Instrument(7, new Float64Array(2).fill(kappa), 2);
  market.advance();
  const [one, other] = [model({ slope: kappa, noise: 0.3 }), model({ slope: 0.5, noise: 0.2 }, 2)];
  const day = new MarketDays(7).next(kappa);
  const [own, theirs] = [one, other].map((each) => each.predict(0, day.z));
  const bets = Array.from({ length: ROWS }, (_, i) => {
    const [p, q] = [Math.exp(own!.ifUp[i]!), Math.exp(theirs!.ifUp[i]!)];
    return { decidedTs: i * US_PER_MIN + 5, bet: probabilityBet(p, q, day.up[i] === 1 ? 1 : 0) };
  });
  const range = { horizonUs: US_PER_HOUR, latenessUs: 0, fromTs: 0, untilTs: US_PER_DAY };
  const [review] = sessionValues(bets, { ...range, side: 'candidate' });
  const ours = market.session(one, other);
  expect(ours.bets).toBe(review?.bets);
  expect(ours.gain).toBeCloseTo(review?.gain ?? NaN, 3);
  for (const [i, log] of ours.logs.entries()) expect(log).toBeCloseTo(review?.logs[i] ?? NaN, 4);
  const [reversed] = sessionValues(bets, { ...range, side: 'reference' });
  const against = market.session(other, one);
  for (const [i, log] of against.logs.entries())
    expect(log).toBeCloseTo(reversed?.logs[i] ?? NaN, 4);
});

test('an edge is constant, drifts away or vanishes at once', () => {
  const of = (kind: 'constant' | 'drifts' | 'vanishes' | 'none'): number[] => [
    ...planKappas({ kind, kappa: 0.5, days: 4, turnDay: 2 }),
  ];
  expect(of('constant')).toEqual([0.5, 0.5, 0.5, 0.5]);
  expect(of('vanishes')).toEqual([0.5, 0.5, 0, 0]);
  expect(of('none')).toEqual([0, 0, 0, 0]);
  const drifting = of('drifts');
  expect(drifting[0]).toBeCloseTo(0.5, 12);
  expect(drifting.every((kappa, i) => i === 0 || kappa < drifting[i - 1]!)).toBe(true);
});

test('promoting everything promotes falsely what is no better than its predecessor', () => {
  const seeds = [1, 2, 3, 4, 5, 6];
  const outcomes = seeds.map((seed) => simulate(SCENARIO, [takeLatest], seed, 0)[0]!);
  const measures = measure(outcomes, [0.2]);
  let [made, wrong] = [0, 0];
  for (const seed of seeds) {
    const { models, kappas } = planInstrument(SCENARIO, seed, 0);
    let before = 0;
    for (const each of models) {
      const gain = each.gain(kappas[0]!);
      made += 1;
      if (gain <= 1e-7 || gain <= before + 1e-7) wrong += 1;
      before = gain;
    }
  }
  expect(measures.promotions).toBe(made);
  expect(measures.falseOfAll).toBeCloseTo(wrong / made, 12);
  // Three of four know nothing, and a real one behind a better one is false too.
  expect(measures.falseOfAll).toBeGreaterThan(0.7);
  expect(measures.falseOfAll).toBeLessThan(0.9);
});

test('where nobody is better every promotion is false', () => {
  for (const candidates of ['equal', 'zero'] as const) {
    const outcomes = [simulate({ ...SCENARIO, candidates }, [takeLatest], 1, 0)[0]!];
    expect(measure(outcomes, []).falseShareEnd).toBe(1);
  }
});

test('every policy finds a large edge within days, where all models know it', () => {
  const all = simulate({ ...SCENARIO, days: 20, real: 1 }, POLICIES, 1, 0).map(([one]) => one!);
  for (const { firstRealDay, firstTrueDay, championDays, regretLoss } of all) {
    expect(firstRealDay).toBe(3);
    expect(firstTrueDay).toBeGreaterThanOrEqual(3);
    expect(firstTrueDay).toBeLessThanOrEqual(12);
    expect(championDays).toBeGreaterThan(5);
    expect(regretLoss).toBeGreaterThan(0);
  }
});

test('a large gain is found within days, by both tests', () => {
  const { days80, once80, withdrawn } = measurePower(0.2, 12, 10, 1);
  expect(once80).toBeLessThanOrEqual(2);
  expect(days80).toBeLessThanOrEqual(8);
  expect(withdrawn).toBe(0);
});
