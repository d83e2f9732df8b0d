/**
 * The baseline: predictions from an instrument's own past returns, learnt online from outcomes that
 * have already passed. It is the champion until a model has earned its place.
 *
 * Closes are laid on a grid of a sixtieth of the horizon (at least a minute); a quiet slot repeats
 * the last. On every grid step the example of one horizon ago has its outcome and is learnt from
 * once, then a prediction is made. Two linear models share the features: a logistic one of the
 * direction, and one of the return. Each is a recursive Bayesian update with one shared precision:
 * an example counts 1/60, because sixty neighbours share one outcome, and the prior pulls to zero,
 * so that on a random walk the predictions stay near 0.5 and near no return.
 *
 * State is plain data of less than 1 KB under msgpack; the same closes give the same bytes.
 */
import { assert } from '../assert.ts';
import { US_PER_MIN } from '../domain/time.ts';

export interface BaselinePrediction {
  /** In (0, 1); exactly 0.5 while warming up. */
  readonly probabilityUp: number;
  /** Simple return over the horizon; exactly 0 while warming up. */
  readonly expectedReturn: number;
  /** Examples learnt from so far. */
  readonly matured: number;
  /** Too few outcomes, or (after a gap) too little history for the features. */
  readonly warmingUp: boolean;
}

/** One end of the horizon: what the features of a grid step need besides the ring. */
type Side = [fastMean: number, slowMean: number, variance: number, returns: number];

/** Plain data. Logarithms of closes; arrays rather than objects to spare the names' bytes. */
export interface BaselineState {
  horizonUs: number;
  /** Number of the newest grid slot; -1: none. */
  slot: number;
  /** Newest close and its time. */
  lastTs: number;
  last: number;
  /** Closes in the ring since it was last emptied; the newest is at (count - 1) mod its size. */
  count: number;
  matured: number;
  ring: number[];
  /** Now, and one horizon ago: the same recursions, so training sees what serving saw. */
  front: Side;
  tail: Side;
  upWeights: number[];
  returnWeights: number[];
}

/** Until so many outcomes are known nothing is predicted. */
export const BASELINE_WARM_UP = 200;

const GRID_STEPS = 60;
const LAGS = [1, 5, 15] as const;
const LONGEST_LAG = 15;
/** Time constants of the moving averages, and of the variance of one step, in grid steps. */
const FAST_MEAN = 60;
const SLOW_MEAN = 240;
const VARIANCE = 480;
/** An intercept, a return per lag, and the distance to both averages. */
const FEATURES = 1 + LAGS.length + 2;
/** What the prior is worth, in outcomes that do not overlap. */
const PRIOR_OUTCOMES = 200;
/** More outcomes than these do not make it any slower to learn: markets change. */
const MEMORY_OUTCOMES = 1000;
/** One wild candle must not move the weights more than an ordinary strong one. */
const FEATURE_LIMIT = 3;
const TARGET_LIMIT = 3;

/** Nothing seen, nothing learnt. */
export function initialBaseline(horizonUs: number): BaselineState {
  assert(Number.isSafeInteger(horizonUs) && horizonUs > 0, `a horizon of ${horizonUs} us`);
  return {
    horizonUs,
    slot: -1,
    lastTs: -1,
    last: 0,
    count: 0,
    matured: 0,
    ring: [],
    front: [0, 0, 0, 0],
    tail: [0, 0, 0, 0],
    upWeights: Array.from({ length: FEATURES }, () => 0),
    returnWeights: Array.from({ length: FEATURES }, () => 0),
  };
}

/**
 * Takes the close of a candle that ended at `ts` (microseconds) up, in place, and predicts from the
 * newest grid step. Closes come in order of `ts`; one that is not newer than the last is ignored. A
 * price that is not positive has no logarithm: the history then starts anew, what was learnt stays.
 */
export function updateBaseline(
  state: BaselineState,
  ts: number,
  close: number,
): BaselinePrediction {
  const stepUs = gridStepUs(state.horizonUs);
  const horizonSteps = Math.ceil(state.horizonUs / stepUs);
  if (!(close > 0)) forget(state);
  else if (ts > state.lastTs) advance(state, ts, Math.log(close), stepUs, horizonSteps);
  return predict(state, horizonSteps);
}

const gridStepUs = (horizonUs: number): number =>
  Math.max(Math.ceil(horizonUs / GRID_STEPS), US_PER_MIN);

/** Empties the ring. Both sides go on with the newest variance. */
function forget(state: BaselineState): void {
  state.count = 0;
  state.ring.length = 0;
  state.slot = -1;
  state.tail[VARIANCE_AT] = state.front[VARIANCE_AT];
  state.tail[RETURNS_AT] = state.front[RETURNS_AT];
}

const FAST_AT = 0;
const SLOW_AT = 1;
const VARIANCE_AT = 2;
const RETURNS_AT = 3;

function advance(
  state: BaselineState,
  ts: number,
  logClose: number,
  stepUs: number,
  horizonSteps: number,
): void {
  const slot = Math.floor(ts / stepUs);
  if (state.slot >= 0 && slot - state.slot > horizonSteps) forget(state);
  if (state.slot < 0) {
    state.slot = slot;
    push(state, logClose, horizonSteps);
  }
  // A close from within a slot is known at the slot's end: only on the border itself it is at once.
  for (; state.slot < slot; state.slot++) {
    const isNow = state.slot + 1 === slot && ts === slot * stepUs;
    push(state, isNow ? logClose : state.last, horizonSteps);
  }
  state.last = logClose;
  state.lastTs = ts;
}

/** One grid step: the ring, both sides, and the example that this step completes. */
function push(state: BaselineState, logClose: number, horizonSteps: number): void {
  const size = horizonSteps + LONGEST_LAG + 1;
  state.ring[state.count % size] = logClose;
  state.count += 1;
  moveSide(state, state.front, 0, size);
  if (state.count <= horizonSteps) return;
  moveSide(state, state.tail, horizonSteps, size);
  learn(state, horizonSteps, size);
}

/** The close of `back` grid steps ago; the caller knows that the ring holds it. */
const closeAt = (state: BaselineState, back: number, size: number): number =>
  state.ring[(state.count - 1 - back) % size] as number;

function moveSide(state: BaselineState, side: Side, back: number, size: number): void {
  const close = closeAt(state, back, size);
  if (state.count - 1 === back) {
    side[FAST_AT] = close;
    side[SLOW_AT] = close;
    return;
  }
  side[FAST_AT] += (close - side[FAST_AT]) / FAST_MEAN;
  side[SLOW_AT] += (close - side[SLOW_AT]) / SLOW_MEAN;
  const change = close - closeAt(state, back + 1, size);
  side[RETURNS_AT] = Math.min(side[RETURNS_AT] + 1, VARIANCE);
  side[VARIANCE_AT] += (change * change - side[VARIANCE_AT]) / side[RETURNS_AT];
}

const features = new Float64Array(FEATURES);

/** Fills `features` as of `back` grid steps ago. False when the ring does not reach far enough. */
function readFeatures(state: BaselineState, side: Side, back: number, size: number): boolean {
  if (state.count <= back + LONGEST_LAG || !(side[VARIANCE_AT] > 0)) return false;
  const deviation = Math.sqrt(side[VARIANCE_AT]);
  const close = closeAt(state, back, size);
  features[0] = 1;
  for (const [i, lag] of LAGS.entries()) {
    const past = close - closeAt(state, back + lag, size);
    features[i + 1] = clip(past / (deviation * Math.sqrt(lag)), FEATURE_LIMIT);
  }
  // The distance of a random walk to its average of time constant n has n/2 steps' variance.
  const distance = (average: number, constant: number): number =>
    clip((close - average) / (deviation * Math.sqrt(constant / 2)), FEATURE_LIMIT);
  features[FEATURES - 2] = distance(side[FAST_AT], FAST_MEAN);
  features[FEATURES - 1] = distance(side[SLOW_AT], SLOW_MEAN);
  return true;
}

const clip = (value: number, limit: number): number => Math.min(Math.max(value, -limit), limit);

const dot = (weights: readonly number[]): number => {
  let sum = 0;
  for (let i = 0; i < FEATURES; i++) sum += (weights[i] as number) * (features[i] as number);
  return sum;
};

const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

/** Variance of an outcome of probability one half: the curvature of the log loss there. */
const COIN_VARIANCE = 0.25;

function learn(state: BaselineState, horizonSteps: number, size: number): void {
  if (!readFeatures(state, state.tail, horizonSteps, size)) return;
  const realised = closeAt(state, 0, size) - closeAt(state, horizonSteps, size);
  const deviation = Math.sqrt(state.tail[VARIANCE_AT] * horizonSteps);
  state.matured += 1;
  const outcomes = Math.min(state.matured / horizonSteps, MEMORY_OUTCOMES);
  const rate = 1 / (horizonSteps * (PRIOR_OUTCOMES + outcomes));
  const upError = (realised > 0 ? 1 : 0) - sigmoid(dot(state.upWeights));
  shift(state.upWeights, (upError * rate) / COIN_VARIANCE);
  const returnError = clip(realised / deviation, TARGET_LIMIT) - dot(state.returnWeights);
  shift(state.returnWeights, returnError * rate);
}

function shift(weights: number[], size: number): void {
  for (let i = 0; i < FEATURES; i++) weights[i] = (weights[i] as number) + size * features[i]!;
}

function predict(state: BaselineState, horizonSteps: number): BaselinePrediction {
  const { matured } = state;
  const size = horizonSteps + LONGEST_LAG + 1;
  const isReady = matured >= BASELINE_WARM_UP && readFeatures(state, state.front, 0, size);
  if (!isReady) return { probabilityUp: 0.5, expectedReturn: 0, matured, warmingUp: true };
  const deviation = Math.sqrt(state.front[VARIANCE_AT] * horizonSteps);
  return {
    probabilityUp: sigmoid(dot(state.upWeights)),
    expectedReturn: Math.expm1(dot(state.returnWeights) * deviation),
    matured,
    warmingUp: false,
  };
}
