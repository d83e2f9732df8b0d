/**
 * the champion's newest outcomes -> how much better or worse than its class prior it has been
 *
 * A test of a fixed sample: information for a person, and a reason for training again
 * (`retrain.ts`). It decides nothing about the champion: whoever looks every day may not.
 */
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { judge, type GateVerdict } from '../../src/learning/gate.ts';
import { logLosses, squaredErrors, type Numbers } from '../../src/learning/metrics.ts';
import type { LiveOutcome } from './live-bets.ts';

/** Only so many horizons: the market may have turned. */
export const GAIN_WINDOW_HORIZONS = 7 * 24;
const SEED = 20_140_501;

/** Whether the class prior is better than the champion, by the gate's own test of its rows. */
export function liveGain(
  champion: readonly LiveOutcome[],
  of: {
    readonly modelId: string;
    readonly labelSpec: string;
    readonly baseProbability: number;
    readonly fromTs: number;
    readonly atTs: number;
  },
): GateVerdict {
  const { horizonUs, target } = parseLabelSpec(of.labelSpec);
  const fromTs = Math.max(of.fromTs, of.atTs - GAIN_WINDOW_HORIZONS * horizonUs);
  const rows = champion.filter(
    (row) => row.modelId === of.modelId && row.verdict === 'ok' && row.decidedTs >= fromTs,
  );
  const isReturn = target === 'return';
  const { losses, outcome, predicted, prior } = isReturn ? RETURNS : DIRECTIONS;
  const outcomes = rows.map(outcome);
  const knowsNothing = rows.map(() => prior(of.baseProbability));
  return judge({
    decidedTs: rows.map(({ decidedTs }) => decidedTs),
    horizonUs,
    loss: isReturn ? 'squared_error' : 'log_loss',
    candidate: losses(outcomes, knowsNothing),
    references: [{ name: 'champion', losses: losses(outcomes, rows.map(predicted)) }],
    // What is judged are the very predictions that were served: nothing to be recomputed.
    replayParity: null,
    seed: SEED,
    settings: { level: 0.05, marginShare: 0, minRows: 500, minHorizons: 24 },
  });
}

/** How a target is scored: the outcome, what was predicted of it, and what knows nothing. */
interface Scoring {
  readonly losses: (outcomes: Numbers, predicted: Numbers) => Float64Array;
  readonly outcome: (row: LiveOutcome) => number;
  readonly predicted: (row: LiveOutcome) => number;
  readonly prior: (baseProbability: number) => number;
}

const RETURNS: Scoring = {
  losses: squaredErrors,
  outcome: ({ forwardReturn }) => forwardReturn,
  predicted: ({ expectedReturn }) => expectedReturn,
  prior: () => 0,
};

const DIRECTIONS: Scoring = {
  losses: logLosses,
  outcome: ({ up }) => up,
  predicted: ({ probabilityUp }) => probabilityUp,
  prior: (baseProbability) => baseProbability,
};
