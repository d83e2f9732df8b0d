/**
 * what the slots of a market predicted, and what came of it -> the bets between two models, or of a
 * model and its class prior, in the order of their decisions
 *
 * Only rows on which both were eligible: a vetoed prediction is not acted on. The baseline that
 * warms up predicts one half, and is held to it. The reference is whoever decided at that very row.
 */
import { must } from '../../src/assert.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import {
  probabilityBet,
  returnBet,
  type Bet,
  type ReturnScale,
} from '../../src/learning/evidence/bets.ts';
import type { TimedBet } from '../../src/learning/evidence/sessions.ts';
import type { LiveOutcomeRow } from '../../src/questdb/tables/live-outcomes.ts';
import { BASELINE_MODEL_ID } from '../stream/predictions.ts';

/** What was predicted of a decision in one slot, and what happened. */
export interface LiveOutcome {
  /** The decision: the end of its candle. */
  readonly ts: number;
  readonly decidedTs: number;
  readonly modelId: string;
  readonly probabilityUp: number;
  readonly expectedReturn: number;
  readonly verdict: string;
  readonly up: 0 | 1;
  readonly forwardReturn: number;
}

/** A row of the tables as an outcome. */
export const toOutcome = (row: LiveOutcomeRow): LiveOutcome => ({
  ts: row.ts,
  decidedTs: row.decided_ts,
  modelId: row.model_id,
  probabilityUp: row.probability_up,
  expectedReturn: row.expected_return,
  verdict: row.verdict,
  up: row.up,
  forwardReturn: row.forward_return,
});

/** The bets of a shadow against whoever decided, and against its own class prior: equal rows. */
export interface ShadowBets {
  readonly champion: readonly TimedBet[];
  readonly base_rate: readonly TimedBet[];
}

export interface BetRules {
  readonly labelSpec: string;
  /** What a model predicts that knows nothing. */
  readonly baseProbability: number;
  /** Of a session, for expected returns; see `returnScales`. */
  readonly sessionUs: number;
}

/** `shadow` and `champion`: outcomes of their slots in order of `decidedTs`. */
export function shadowBets(
  shadow: readonly LiveOutcome[],
  champion: readonly LiveOutcome[],
  rules: BetRules,
): ShadowBets {
  const scales = scalesFor(shadow, rules);
  const decided = new Map(champion.filter(isEligible).map((row) => [row.ts, row]));
  const rows = shadow.filter(
    ({ ts, verdict, decidedTs }) =>
      verdict === 'ok' && decided.has(ts) && scales.at(decidedTs) !== undefined,
  );
  const bet = (row: LiveOutcome, other: Predicted, rival: string | null): TimedBet => ({
    decidedTs: row.decidedTs,
    bet: betBetween(row, other, scales.at(row.decidedTs) ?? null),
    rival,
  });
  return {
    champion: rows.map((row) => {
      const other = must(decided.get(row.ts));
      return bet(row, other, other.modelId === BASELINE_MODEL_ID ? null : other.modelId);
    }),
    base_rate: rows.map((row) => bet(row, classPrior(rules), null)),
  };
}

/** The bets of the champion against its class prior. */
export function championBets(
  champion: readonly LiveOutcome[],
  modelId: string,
  rules: BetRules,
): TimedBet[] {
  const scales = scalesFor(champion, rules);
  return champion
    .filter((row) => row.modelId === modelId && row.verdict === 'ok')
    .filter(({ decidedTs }) => scales.at(decidedTs) !== undefined)
    .map((row) => ({
      decidedTs: row.decidedTs,
      bet: betBetween(row, classPrior(rules), scales.at(row.decidedTs) ?? null),
    }));
}

type Predicted = Pick<LiveOutcome, 'probabilityUp' | 'expectedReturn'>;

const isEligible = ({ verdict, modelId }: LiveOutcome): boolean =>
  verdict === 'ok' || (modelId === BASELINE_MODEL_ID && verdict === 'warming_up');

const classPrior = ({ baseProbability }: BetRules): Predicted => ({
  probabilityUp: baseProbability,
  expectedReturn: 0,
});

const betBetween = (row: LiveOutcome, other: Predicted, scale: ReturnScale | null): Bet =>
  scale === null
    ? probabilityBet(row.probabilityUp, other.probabilityUp, row.up)
    : returnBet(row.expectedReturn, other.expectedReturn, row.forwardReturn, scale);

/** How a row is scored: null by its probability, a scale by its return, undefined not at all. */
interface Scales {
  readonly at: (decidedTs: number) => ReturnScale | null | undefined;
}

/** A return beyond so many standard deviations of the session before counts as that many. */
const BOUND_DEVIATIONS = 5;
/** Fewer returns do not say how large returns are. */
const FEWEST_RETURNS = 100;

/**
 * Returns have no bound, and a stake needs one before the outcome is known: it is taken from the
 * returns of the session before. Where that has too few, the session places no bets.
 */
function scalesFor(rows: readonly LiveOutcome[], { labelSpec, sessionUs }: BetRules): Scales {
  if (parseLabelSpec(labelSpec).target !== 'return') return { at: () => null };
  const sums = new Map<number, { count: number; squares: number }>();
  const sessionAt = (ts: number): number => Math.floor(ts / sessionUs);
  for (const { decidedTs, forwardReturn } of rows) {
    const sum = sums.get(sessionAt(decidedTs)) ?? { count: 0, squares: 0 };
    sums.set(sessionAt(decidedTs), sum);
    sum.count += 1;
    sum.squares += forwardReturn ** 2;
  }
  return {
    at: (decidedTs) => {
      const before = sums.get(sessionAt(decidedTs) - 1);
      if (before === undefined || before.count < FEWEST_RETURNS) return undefined;
      const variance = before.squares / before.count;
      if (!(variance > 0)) return undefined;
      return { variance, bound: BOUND_DEVIATIONS * Math.sqrt(variance) };
    },
  };
}
