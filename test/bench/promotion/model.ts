/**
 * what a simulated model has learnt -> what it says, and what that is truly worth
 *
 * It says Phi(slope * z + noise * n), clipped as models in service are, where n is an AR(1) of its
 * own: what it took for knowledge and is none. Its expected gain against the class prior, and what
 * a bot would earn by it, follow by quadrature over z and n for every state of the market.
 */
import { CLIP } from '../../../src/learning/evidence/bets.ts';
import { seededRandom } from '../../../src/random.ts';
import { KEPT, ROWS } from './market.ts';
import { fillNormal, normalBelow, solve } from './normal.ts';

export interface ModelPlan {
  readonly id: number;
  /** What it takes for the market's kappa. */
  readonly slope: number;
  readonly noise: number;
  readonly seed: number;
  /** At the end of which day it arrives, with a holdout behind it. */
  readonly arrivedDay: number;
  /** The last day on which it is to be trusted. */
  readonly expiresDay: number;
}

/** The rule of a bot: it takes a side beyond this distance from one half, and pays for it. */
const THRESHOLD = 0.05;
/** Spread and fees of a position, in standard deviations of a label's return. */
const COST = 0.05;

const LOG_HALF = Math.log(0.5);
/** Beyond this x nothing changes: Phi(x) is clipped. */
const FAR = solve(normalBelow, 1 - CLIP, 0, 8);
const CELLS = 8192;
const PER_CELL = (2 * FAR) / CELLS;

/** log Phi(x) from -FAR to FAR. */
const LOGS = Float64Array.from({ length: CELLS + 2 }, (_, i) =>
  Math.log(normalBelow(-FAR + Math.min(i, CELLS) * PER_CELL)),
);

/** Log of the clipped probability Phi(x), by a table. */
export function logBelow(x: number): number {
  const at = (Math.min(FAR, Math.max(-FAR, x)) + FAR) / PER_CELL;
  const cell = at | 0;
  const low = LOGS[cell]!;
  return low + (at - cell) * (LOGS[cell + 1]! - low);
}

/** Points and weights over a standard normal variable. */
function nodes(count: number): { readonly at: Float64Array; readonly weight: Float64Array } {
  const step = 14 / (count - 1);
  const at = Float64Array.from({ length: count }, (_, i) => -7 + i * step);
  const weight = at.map((x) => (Math.exp(-0.5 * x * x) * step) / Math.sqrt(2 * Math.PI));
  return { at, weight };
}

const OF_Z = nodes(85);
const OF_NOISE = nodes(43);

/** Probabilities of "up" at the nodes of z; by kappa, of which a year has few at a time. */
const upAt = new Map<number, Float64Array>();
function upAtNodes(kappa: number): Float64Array {
  let up = upAt.get(kappa);
  if (up === undefined) {
    if (upAt.size > 2_000) upAt.clear();
    up = OF_Z.at.map((z) => normalBelow(kappa * z));
    upAt.set(kappa, up);
  }
  return up;
}

export class SimulatedModel {
  readonly plan: ModelPlan;
  /** Expected log of what it gives to "up", at the nodes of z, with their weights. */
  readonly #logUp: Float64Array;
  /** Expected z times its side, and how often it takes one. */
  readonly #sided: number;
  readonly #trades: number;
  #gains = new Map<number, number>();

  constructor(plan: ModelPlan) {
    this.plan = plan;
    this.#logUp = expectedLogs(plan);
    [this.#sided, this.#trades] = expectSides(plan);
  }

  /** True expected gain against the class prior, nats a row. */
  gain(kappa: number): number {
    let gain = this.#gains.get(kappa);
    if (gain === undefined) {
      gain = expectGain(this.#logUp, kappa);
      this.#gains.set(kappa, gain);
    }
    return gain;
  }

  /** Expected profit of a decision after cost, in standard deviations of a label's return. */
  profit(kappa: number): number {
    return (kappa / Math.sqrt(1 + kappa ** 2)) * this.#sided - COST * this.#trades;
  }

  /** What it says on a day: logs of the probabilities of "up" and of "down". */
  predict(day: number, z: Float64Array): Predictions {
    const { slope, noise, seed } = this.plan;
    const ifUp = new Float64Array(ROWS);
    const ifDown = new Float64Array(ROWS);
    if (noise !== 0) fillNormal(seededRandom(seed * 4_096 + day), DRAWS);
    const fresh = noise * Math.sqrt(1 - KEPT ** 2);
    let own = noise * DRAWS[0]!;
    for (let i = 0; i < ROWS; i++) {
      const x = slope * z[i]! + own;
      own = KEPT * own + fresh * DRAWS[i]!;
      const at = x <= -FAR ? 0 : x >= FAR ? CELLS : (x + FAR) / PER_CELL;
      const cell = at | 0;
      const part = at - cell;
      // "Down" at x is "up" at -x: the same table from its other end.
      const high = LOGS[CELLS - cell]!;
      const low = LOGS[Math.max(0, CELLS - cell - 1)]!;
      ifUp[i] = LOGS[cell]! + part * (LOGS[cell + 1]! - LOGS[cell]!);
      ifDown[i] = high + part * (low - high);
    }
    return { ifUp, ifDown };
  }
}

const DRAWS = new Float64Array(ROWS);

export interface Predictions {
  readonly ifUp: Float64Array;
  readonly ifDown: Float64Array;
}

type Shape = Pick<ModelPlan, 'slope' | 'noise'>;

function expectedLogs({ slope, noise }: Shape): Float64Array {
  return OF_Z.at.map((z, i) => {
    if (noise === 0) return OF_Z.weight[i]! * logBelow(slope * z);
    let sum = 0;
    for (let k = 0; k < OF_NOISE.at.length; k++) {
      sum += OF_NOISE.weight[k]! * logBelow(slope * z + noise * OF_NOISE.at[k]!);
    }
    return OF_Z.weight[i]! * sum;
  });
}

/** By symmetry "down" at z is "up" at -z. */
function expectGain(logUp: Float64Array, kappa: number): number {
  const up = upAtNodes(kappa);
  let sum = 0;
  for (let i = 0; i < up.length; i++) sum += up[i]! * logUp[i]!;
  return 2 * sum - LOG_HALF;
}

function expectSides({ slope, noise }: Shape): [sided: number, trades: number] {
  const edge = solve(normalBelow, 0.5 + THRESHOLD, 0, 1);
  const chance = (distance: number): number => {
    if (noise === 0) return distance > 0 ? 1 : 0;
    return normalBelow(distance / noise);
  };
  let [sided, trades] = [0, 0];
  for (const [i, z] of OF_Z.at.entries()) {
    const weight = OF_Z.weight[i]!;
    const [buys, sells] = [chance(slope * z - edge), chance(-slope * z - edge)];
    sided += weight * z * (buys - sells);
    trades += weight * (buys + sells);
  }
  return [sided, trades];
}

/** Gain of a model of this shape where z tells the outcome by `kappa`. */
export const shapeGain = (shape: Shape, kappa: number): number =>
  expectGain(expectedLogs(shape), kappa);

const kappas = new Map<number, number>();

/** The kappa of a market in which whoever knows z gains so much. */
export function kappaOfGain(gain: number): number {
  let kappa = kappas.get(gain);
  if (kappa === undefined) {
    kappa = solve((k) => shapeGain({ slope: k, noise: 0 }, k), gain, 0, 1.15);
    kappas.set(gain, kappa);
  }
  return kappa;
}

const zeroNoises = new Map<number, number>();

/** The noise with which a model that knows z is as good as the class prior, and no better. */
export function zeroGainNoise(kappa: number): number {
  let noise = zeroNoises.get(kappa);
  if (noise === undefined) {
    noise = solve((n) => -shapeGain({ slope: kappa, noise: n }, kappa), 0, 0, 6);
    zeroNoises.set(kappa, noise);
  }
  return noise;
}
