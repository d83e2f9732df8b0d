/** E-processes, e-detectors and loans against values computed elsewhere, and against their promise. */
import { describe, expect, test } from 'vitest';
import {
  probabilityBet,
  returnBet,
  reversedBet,
  type Bet,
} from '../../../src/learning/evidence/bets.ts';
import {
  addSession,
  detectSession,
  logEvidence,
  NO_ALARM,
  NO_EVIDENCE,
} from '../../../src/learning/evidence/e-process.ts';
import {
  COMPONENTS,
  logMeanExp,
  sessionLogs,
  trackCount,
  type ComponentLogs,
  type SessionBets,
} from '../../../src/learning/evidence/lag-tracks.ts';
import { must } from '../../../src/assert.ts';
import { seededRandom, type Random } from '../../../src/random.ts';

/** Step, candidate, reference, outcome. */
type Row = readonly [number, number, number, 0 | 1];

function toBets(rows: readonly Row[], turn: (bet: Bet) => Bet = (bet) => bet): SessionBets {
  const bets = rows.map(([, p, q, up]) => turn(probabilityBet(p, q, up)));
  return {
    step: rows.map(([step]) => step),
    gain: bets.map(({ gain }) => gain),
    mostLost: bets.map(({ least }) => -least),
  };
}

const component = (logs: ComponentLogs, stake: number, cap: number): number =>
  must(logs[COMPONENTS.findIndex((each) => each.stake === stake && each.cap === cap)]);

describe('the reference values of an independent program, to 1e-12', () => {
  const FIRST: readonly Row[] = [
    [0, 0.62, 0.5, 1],
    [1, 0.7, 0.55, 1],
    [2, 0.4, 0.5, 0],
    [3, 0.9, 0.5, 1],
    [4, 0.35, 0.45, 1],
    [5, 0.5, 0.5, 1],
    [6, 0.8, 0.6, 1],
  ];
  const SECOND: readonly Row[] = [
    [0, 0.3, 0.5, 0],
    [1, 0.2, 0.5, 0],
    [2, 0.25, 0.4, 1],
    [3, 0.65, 0.5, 1],
    [5, 0.97, 0.5, 0],
    [6, 0.55, 0.5, 1],
  ];
  const logs = [FIRST, SECOND].map((rows) => sessionLogs(toBets(rows), 3));
  const against = [FIRST, SECOND].map((rows) => sessionLogs(toBets(rows, reversedBet), 3));
  const [first, second] = [must(logs[0]), must(logs[1])];
  const [firstAgainst, secondAgainst] = [must(against[0]), must(against[1])];

  test('growth of a session', () => {
    expect(component(first, 1 / 2, 0.5)).toBeCloseTo(0.173711889908272, 12);
    expect(component(first, 4, 0.9)).toBeCloseTo(0.509876779393912, 12);
    expect(component(second, 1 / 2, 0.5)).toBeCloseTo(0.000654569588148, 12);
    expect(component(second, 4, 0.9)).toBeCloseTo(0.536143216545112, 12);
    expect(component(firstAgainst, 1 / 2, 0.5)).toBeCloseTo(-0.207318835471599, 12);
    expect(component(secondAgainst, 1 / 2, 0.5)).toBeCloseTo(0.388770295053054, 12);
  });

  test('the e-process behind each session', () => {
    const one = addSession(NO_EVIDENCE, first);
    expect(Math.exp(logEvidence(one))).toBeCloseTo(1.279570192116618, 12);
    expect(Math.exp(logEvidence(addSession(one, second)))).toBeCloseTo(1.481294583151221, 12);
  });

  test('the e-detector behind each session', () => {
    const one = detectSession(NO_ALARM, firstAgainst);
    expect(Math.exp(logMeanExp(one))).toBeCloseTo(0.694052495977476, 12);
    expect(Math.exp(logMeanExp(detectSession(one, secondAgainst)))).toBeCloseTo(
      3.171531621434535,
      12,
    );
  });
});

describe('under "no better" the mean over all outcomes is at most 1', () => {
  const drawn = (random: Random, steps: number): [number, number][] =>
    Array.from({ length: steps }, () => [random(), random()]);
  /** The mean of what a session is worth, over every outcome, weighted as the reference says. */
  function expected(
    predictions: readonly (readonly [number, number])[],
    tracks: number,
    shared: boolean,
  ): number {
    const steps = predictions.length;
    const windows = shared ? Math.ceil(steps / tracks) : steps;
    let sum = 0;
    for (let outcome = 0; outcome < 2 ** windows; outcome++) {
      let weight = 1;
      const rows = predictions.map(([p, q], step): Row => {
        const window = shared ? Math.floor(step / tracks) : step;
        const up = ((outcome >> window) & 1) as 0 | 1;
        // An outcome that many rows share is drawn once.
        if (!shared || step % tracks === 0) weight *= up === 1 ? q : 1 - q;
        return [step, p, q, up];
      });
      sum += weight * Math.exp(logEvidence(sessionLogs(toBets(rows), tracks)));
    }
    return sum;
  }

  test.each([1, 2, 3, 4, 5, 6])('independent outcomes, seed %i', (seed) => {
    const random = seededRandom(seed);
    const predictions = drawn(random, 8).map(([p, q]) => [p, 0.02 + 0.96 * q] as const);
    expect(expected(predictions, 3, false)).toBeLessThanOrEqual(1 + 1e-12);
  });

  test.each([1, 2, 3, 4, 5, 6])('outcomes that neighbours share, seed %i', (seed) => {
    const random = seededRandom(100 + seed);
    const q = Array.from({ length: 5 }, () => 0.02 + 0.96 * random());
    const predictions = Array.from(
      { length: 20 },
      (_, step) => [random(), must(q[Math.floor(step / 4)])] as const,
    );
    expect(expected(predictions, 4, true)).toBeLessThanOrEqual(1 + 1e-12);
  });

  test('a candidate that is too sure: its many small gains are paid by few large losses', () => {
    const sure = Array.from({ length: 10 }, () => [0.97, 0.9] as const);
    expect(expected(sure, 3, false)).toBeLessThan(1);
  });

  test('and it grows where the candidate is right', () => {
    let sum = 0;
    for (let up = 0; up < 2; up++) {
      const rows: Row[] = [[0, 0.8, 0.5, up as 0 | 1]];
      sum += (up === 1 ? 0.8 : 0.2) * Math.exp(logEvidence(sessionLogs(toBets(rows), 1)));
    }
    expect(sum).toBeGreaterThan(1.1);
  });

  test('tracks that are too few would break the promise: outcomes are then bet on twice', () => {
    const predictions = Array.from({ length: 12 }, () => [0.9, 0.5] as const);
    const rows = (up: 0 | 1): Row[] => predictions.map(([p, q], step) => [step, p, q, up]);
    const mean = (tracks: number): number =>
      ([0, 1] as const)
        .map((up) => Math.exp(logEvidence(sessionLogs(toBets(rows(up)), tracks))))
        .reduce((sum, value) => sum + value / 2, 0);
    expect(mean(12)).toBeLessThanOrEqual(1);
    expect(mean(1)).toBeGreaterThan(1);
  });
});

describe('a session', () => {
  const random = seededRandom(7);
  const rows = Array.from({ length: 200 }, (_, step): Row => [
    step,
    random(),
    random(),
    random() < 0.5 ? 1 : 0,
  ]);

  test('is the same in whatever order its bets come', () => {
    const shuffled = rows.toSorted((a, b) => a[1] - b[1]);
    const [one, other] = [rows, shuffled].map((each) => sessionLogs(toBets(each), 61));
    for (const [i, log] of must(one).entries()) expect(must(other)[i]).toBeCloseTo(log, 12);
  });

  test('without bets changes nothing', () => {
    const same = rows.map(([step, p, , up]): Row => [step, p, p, up]);
    for (const none of [[], same]) {
      expect(sessionLogs(toBets(none), 61)).toEqual(COMPONENTS.map(() => 0));
    }
  });

  test('counts both sides alike: what one gains the other loses', () => {
    const bets = rows.map(([, p, q, up]) => [probabilityBet(p, q, up), probabilityBet(q, p, up)]);
    for (const [one, other] of bets) {
      expect(must(other).gain).toBeCloseTo(-must(one).gain, 14);
      expect(reversedBet(must(one)).least).toBeCloseTo(must(other).least, 14);
    }
  });

  test('never loses all, nor leaves what a double holds', () => {
    const sure = Array.from({ length: 20_000 }, (_, step): Row => [step, 1, 0, 1]);
    const wrong = Array.from({ length: 20_000 }, (_, step): Row => [step, 1, 0, 0]);
    for (const each of [sure, wrong]) {
      expect(sessionLogs(toBets(each), 2).every(Number.isFinite)).toBe(true);
    }
    // By hand: 10 000 bets a track of 1 + 0.125 * ln(49).
    const growth = 10_000 * Math.log(1 + Math.log(49) / 8);
    expect(component(sessionLogs(toBets(sure), 2), 1 / 8, 0.5)).toBeCloseTo(growth, 6);
  });

  test('has as many tracks as steps until a label is known for sure', () => {
    const minute = 60e6;
    expect(trackCount(60 * minute, 0, minute)).toBe(61);
    expect(trackCount(60 * minute, 1, minute)).toBe(62);
    expect(trackCount(60 * minute, 5e6, minute)).toBe(62);
    expect(trackCount(5 * minute, 0, minute)).toBe(6);
  });
});

describe('expected returns', () => {
  const scale = { bound: 0.01, variance: 0.000004 };

  test('are scored by squared errors over twice the variance', () => {
    const { gain } = returnBet(0.002, 0, 0.003, scale);
    expect(gain).toBeCloseTo((0.003 ** 2 - 0.001 ** 2) / (2 * 0.000004), 12);
  });

  test('an outcome beyond the bound counts as the bound, and no gain lies outside its ends', () => {
    const random = seededRandom(3);
    for (let i = 0; i < 200; i++) {
      const [a, b, r] = [random(), random(), random()].map((each) => (each - 0.5) * 0.1);
      const bet = returnBet(must(a), must(b), must(r), scale);
      expect(bet.gain).toBeGreaterThanOrEqual(bet.least);
      expect(bet.gain).toBeLessThanOrEqual(bet.most);
    }
    expect(returnBet(0.001, 0, 5, scale)).toEqual(returnBet(0.001, 0, 0.01, scale));
  });

  test('a scale that scores nothing is refused', () => {
    expect(() => returnBet(0, 0, 0, { bound: 0, variance: 1 })).toThrow(/returns are scored/);
    expect(() => returnBet(0, 0, 0, { bound: 1, variance: 0 })).toThrow(/returns are scored/);
  });
});
