/**
 * The promotion gate: may a candidate take the champion's place? From the losses of both and of the
 * base rate on the same rows comes a verdict whose every rule shows its number and its threshold.
 *
 * Outcomes overlap: sixty decisions within an hour share most of one label. So rows are summed over
 * blocks of time that are longer than a label, and the blocks are what is counted and resampled.
 * The test is one-sided and studentised (Efron's bootstrap-t): a percentile bootstrap of the mean
 * passes noise far too often when blocks are few. The level is half of the 5 % of noise that may
 * pass at most, because with 12 blocks the test still passes up to 1.6 times its level.
 */
import { assert, must } from '../assert.ts';
import { mean, type Numbers } from './metrics.ts';
import { randomIndex, seededRandom, type Random } from '../random.ts';

export interface GateSettings {
  /** A comparison holds if chance alone does as well in at most this share of resamples. */
  readonly level: number;
  /** By how much the mean loss must be smaller, as a share of the reference's mean loss. */
  readonly marginShare: number;
  readonly minRows: number;
  /** Ranges of one horizon that hold a row: about the number of independent outcomes. */
  readonly minHorizons: number;
  /** Length of a block; at least 2, so that little of a label reaches over its border. */
  readonly blockHorizons: number;
  readonly resamples: number;
}

export const DEFAULT_GATE: GateSettings = {
  level: 0.025,
  marginShare: 0.002,
  minRows: 500,
  minHorizons: 24,
  blockHorizons: 2,
  resamples: 4000,
};

/** Losses row by row, in the order of `decidedTs`; smaller is better. */
export interface GateInput {
  readonly decidedTs: Numbers;
  readonly horizonUs: number;
  /** What the losses are, for the verdict's text: `log_loss`, `squared_error`. */
  readonly loss: string;
  readonly candidate: Numbers;
  /** What must be beaten, by name: `champion`, `base_rate`. */
  readonly references: readonly { readonly name: string; readonly losses: Numbers }[];
  /**
   * Does a replay of the log serve the values that the candidate was trained on? Null: not checked,
   * because what is judged was served itself.
   */
  readonly replayParity: boolean | null;
  readonly seed: number;
  readonly settings?: Partial<GateSettings> | undefined;
}

export interface GateReason {
  readonly rule: string;
  readonly passed: boolean;
  readonly detail: string;
  readonly value: number;
  readonly threshold: number;
}

/** The paired test against one reference, in full: what anybody needs to do it again. */
export interface GateComparison {
  readonly reference: string;
  readonly loss: string;
  readonly rows: number;
  readonly mean_loss: number;
  readonly mean_reference_loss: number;
  /** Mean loss of the reference less the candidate's, its standard error, and their ratio. */
  readonly gain: number;
  readonly standard_error: number | null;
  readonly t: number | null;
  /** One-sided lower bound of the gain at the level of the test; null: not determined. */
  readonly gain_low: number | null;
  readonly p_value: number;
  readonly level: number;
  readonly blocks: number;
  readonly block_horizons: number;
  readonly resamples: number;
  readonly seed: number;
}

/** Plain data: it is stored with the model and shown as it is. */
export interface GateVerdict {
  readonly passed: boolean;
  readonly reasons: readonly GateReason[];
  readonly comparisons?: readonly GateComparison[];
}

/**
 * The verdict over the rows of a holdout that the candidate never saw. Deterministic by `seed`. Too
 * few rows are a reason to refuse, never an error.
 */
export function judge(input: GateInput): GateVerdict {
  const settings = { ...DEFAULT_GATE, ...input.settings };
  checkInput(input, settings);
  const compared = input.references.map((reference) => compare(input, reference, settings));
  const reasons = [
    ...(input.replayParity === null ? [] : [parityReason(input.replayParity)]),
    ...countReasons(input, settings),
    ...compared.flatMap((each) => each.reasons),
  ];
  return {
    passed: reasons.every(({ passed }) => passed),
    reasons,
    comparisons: compared.map(({ comparison }) => comparison),
  };
}

function checkInput(input: GateInput, settings: GateSettings): void {
  const { decidedTs, candidate, references, horizonUs } = input;
  assert(horizonUs > 0, `a horizon of ${horizonUs}`);
  assert(settings.blockHorizons >= 2, `blocks of ${settings.blockHorizons} horizons`);
  assert(references.length > 0, 'a gate without anything to beat');
  for (const losses of [candidate, ...references.map((reference) => reference.losses)]) {
    assert(losses.length === decidedTs.length, `${losses.length} losses, ${decidedTs.length} rows`);
  }
  for (let i = 1; i < decidedTs.length; i++) {
    assert(decidedTs[i - 1]! <= decidedTs[i]!, `row ${i} was decided before the one in front`);
  }
}

const parityReason = (parity: boolean): GateReason => ({
  rule: 'replay_parity',
  passed: parity,
  detail: parity ? 'a replay serves the same feature values' : 'a replay serves other values',
  value: parity ? 1 : 0,
  threshold: 1,
});

function countReasons(input: GateInput, settings: GateSettings): GateReason[] {
  const { decidedTs, horizonUs } = input;
  const rows = decidedTs.length;
  const horizons = new Set(Array.from(decidedTs, (ts) => Math.floor(ts / horizonUs))).size;
  const { minRows, minHorizons } = settings;
  return [
    {
      rule: 'minimum_rows',
      passed: rows >= minRows,
      detail: `${rows} rows, at least ${minRows} needed`,
      value: rows,
      threshold: minRows,
    },
    {
      rule: 'minimum_horizons',
      passed: horizons >= minHorizons,
      detail: `rows in ${horizons} horizons, at least ${minHorizons} needed`,
      value: horizons,
      threshold: minHorizons,
    },
  ];
}

/** The margin and the significance against one reference. */
function compare(
  input: GateInput,
  reference: { name: string; losses: Numbers },
  settings: GateSettings,
): { readonly reasons: GateReason[]; readonly comparison: GateComparison } {
  const { name, losses } = reference;
  const own = mean(input.candidate) ?? 0;
  const theirs = mean(losses) ?? 0;
  const gain = theirs - own;
  const margin = settings.marginShare * theirs;
  const gains = Float64Array.from(losses, (loss, i) => {
    const difference = loss - input.candidate[i]!;
    return Math.abs(difference) > ROUNDING * theirs ? difference : 0;
  });
  const blocks = splitBlocks(input.decidedTs, gains, settings.blockHorizons * input.horizonUs);
  const test = bootstrap(blocks, settings, seededRandom(input.seed));
  const { pValue } = test;
  const comparison: GateComparison = {
    reference: name,
    loss: input.loss,
    rows: losses.length,
    mean_loss: own,
    mean_reference_loss: theirs,
    gain,
    standard_error: test.error,
    t: test.t,
    gain_low: test.low,
    p_value: pValue,
    level: settings.level,
    blocks: blocks.length,
    block_horizons: settings.blockHorizons,
    resamples: settings.resamples,
    seed: input.seed,
  };
  const means = `${input.loss} ${show(own)} against ${show(theirs)} of the ${name}`;
  const reasons: GateReason[] = [
    {
      rule: `beats_${name}_by_margin`,
      passed: gain > 0 && gain >= margin,
      detail: `${means}: better by ${show(gain)}, at least ${show(margin)} needed`,
      value: gain,
      threshold: margin,
    },
    {
      rule: `beats_${name}_beyond_chance`,
      passed: pValue <= settings.level,
      detail:
        `one-sided p = ${show(pValue)} of at most ${show(settings.level)}, ` +
        `${blocks.length} blocks of ${settings.blockHorizons} horizons, ` +
        `${settings.resamples} resamples`,
      value: pValue,
      threshold: settings.level,
    },
  ];
  return { reasons, comparison };
}

/** A candidate that says what the reference says differs by rounding, always to the same side. */
const ROUNDING = 1e-9;

const show = (value: number): string => String(Number(value.toPrecision(4)));

interface Block {
  readonly place: number;
  sum: number;
  rows: number;
}

function splitBlocks(decidedTs: Numbers, gains: Float64Array, blockUs: number): Block[] {
  const blocks: Block[] = [];
  const start = decidedTs[0] ?? 0;
  for (const [i, gain] of gains.entries()) {
    const place = Math.floor((decidedTs[i]! - start) / blockUs);
    let block = blocks.at(-1);
    if (block?.place !== place) {
      block = { place, sum: 0, rows: 0 };
      blocks.push(block);
    }
    block.sum += gain;
    block.rows += 1;
  }
  return blocks;
}

/** Below this number of blocks no resampling can speak for the rest of the world. */
const FEWEST_BLOCKS = 6;

interface BootstrapTest {
  readonly pValue: number;
  readonly t: number | null;
  readonly error: number | null;
  readonly low: number | null;
}

const UNDETERMINED: BootstrapTest = { pValue: 1, t: null, error: null, low: null };

/**
 * Share of resamples whose studentised mean lies as far above the sample's as the sample's lies
 * above 0: the one-sided p-value of "no better", by Efron's bootstrap-t over blocks. The bound is
 * the same test turned round: the least gain that it would not call beyond chance.
 */
function bootstrap(
  blocks: readonly Block[],
  { resamples, level }: GateSettings,
  random: Random,
): BootstrapTest {
  if (blocks.length < FEWEST_BLOCKS) return UNDETERMINED;
  const seen = studentise(blocks, true);
  if (!(seen.error > 0)) return UNDETERMINED;
  const t = seen.mean / seen.error;
  const again = studentisedAgain(blocks, seen.mean, resamples, random);
  const asFar = again.reduce((count, other) => count + (other >= t ? 1 : 0), 0);
  const quantile = sortedQuantile(again.sort(), 1 - level);
  return {
    pValue: (asFar + 1) / (resamples + 1),
    t,
    error: seen.error,
    low: Number.isFinite(quantile) ? seen.mean - quantile * seen.error : null,
  };
}

/** How far the means of resamples lie from the sample's, each in its own standard errors. */
function studentisedAgain(
  blocks: readonly Block[],
  around: number,
  resamples: number,
  random: Random,
): Float64Array {
  const again = new Float64Array(resamples);
  const drawn: Block[] = blocks.slice();
  for (let i = 0; i < resamples; i++) {
    for (let k = 0; k < drawn.length; k++) {
      drawn[k] = must(blocks[randomIndex(random, blocks.length)], 'a block');
    }
    const { mean: average, error } = studentise(drawn, false);
    // A resample of one block over and over says nothing; counting it is the cautious side.
    again[i] = error > 0 ? (average - around) / error : Infinity;
  }
  return again;
}

const sortedQuantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)]!;

/** The mean of values that overlapping outcomes share, and its standard error by blocks of time. */
export function blockMean(
  decidedTs: Numbers,
  values: Float64Array,
  horizonUs: number,
): { readonly mean: number; readonly error: number | null } {
  const blocks = splitBlocks(decidedTs, values, DEFAULT_GATE.blockHorizons * horizonUs);
  if (blocks.length < FEWEST_BLOCKS) return { mean: mean(values) ?? 0, error: null };
  return studentise(blocks, true);
}

export interface MeanInterval {
  readonly mean: number;
  /** Both bounds are null where the blocks are too few, or do not vary. */
  readonly low: number | null;
  readonly high: number | null;
  readonly blocks: number;
}

/**
 * The mean of values that overlapping outcomes share, and its two-sided interval by the gate's own
 * bootstrap-t over blocks of time. Values in the order of `decidedTs`; `coverage` such as 0.95.
 */
export function meanInterval(
  decidedTs: Numbers,
  values: Float64Array,
  options: { readonly horizonUs: number; readonly coverage: number; readonly seed: number },
): MeanInterval {
  assert(values.length === decidedTs.length, `${values.length} values, ${decidedTs.length} rows`);
  const { blockHorizons, resamples } = DEFAULT_GATE;
  const blocks = splitBlocks(decidedTs, values, blockHorizons * options.horizonUs);
  const none = { mean: mean(values) ?? 0, low: null, high: null, blocks: blocks.length };
  if (blocks.length < FEWEST_BLOCKS) return none;
  const seen = studentise(blocks, true);
  if (!(seen.error > 0)) return none;
  const again = studentisedAgain(blocks, seen.mean, resamples, seededRandom(options.seed)).sort();
  const tail = (1 - options.coverage) / 2;
  const bound = (share: number): number | null => {
    const quantile = sortedQuantile(again, share);
    return Number.isFinite(quantile) ? seen.mean - quantile * seen.error : null;
  };
  return { ...none, low: bound(1 - tail), high: bound(tail) };
}

/**
 * Mean gain of a row and its standard error from the blocks' residuals. With `inOrder`, a positive
 * covariance of neighbours is added (a label reaches over a block's border): Newey and West at lag
 * 1 with full weight.
 */
function studentise(blocks: readonly Block[], inOrder: boolean): { mean: number; error: number } {
  let sum = 0;
  let rows = 0;
  for (const block of blocks) {
    sum += block.sum;
    rows += block.rows;
  }
  const average = sum / rows;
  let variance = 0;
  let covariance = 0;
  let previous: { place: number; residual: number } | undefined;
  for (const block of blocks) {
    const residual = block.sum - average * block.rows;
    variance += residual * residual;
    if (inOrder) {
      if (previous?.place === block.place - 1) covariance += residual * previous.residual;
      previous = { place: block.place, residual };
    }
  }
  const total = variance + 2 * Math.max(covariance, 0);
  const correction = blocks.length / (blocks.length - 1);
  return { mean: average, error: Math.sqrt(total * correction) / rows };
}
