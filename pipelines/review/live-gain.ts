/**
 * the champion's newest outcomes -> how much better or worse than its class prior it has been
 *
 * A test of a fixed sample: information for a person, and a reason for training again
 * (`retrain.ts`). It decides nothing about the champion: whoever looks every day may not.
 */
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { judge, type GateVerdict } from '../../src/learning/gate.ts';
import { logLosses, squaredErrors } from '../../src/learning/metrics.ts';
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
  const { served, prior } =
    target === 'return' ? returnLosses(rows) : directionLosses(rows, of.baseProbability);
  return judge({
    decidedTs: rows.map(({ decidedTs }) => decidedTs),
    horizonUs,
    loss: target === 'return' ? 'squared_error' : 'log_loss',
    candidate: prior,
    references: [{ name: 'champion', losses: served }],
    // What is judged are the very predictions that were served: nothing to be recomputed.
    replayParity: null,
    seed: SEED,
    settings: { level: 0.05, marginShare: 0, minRows: 500, minHorizons: 24 },
  });
}

interface Losses {
  readonly served: Float64Array;
  /** Of a prediction that knows nothing. */
  readonly prior: Float64Array;
}

function returnLosses(rows: readonly LiveOutcome[]): Losses {
  const realised = rows.map(({ forwardReturn }) => forwardReturn);
  return {
    served: squaredErrors(
      realised,
      rows.map(({ expectedReturn }) => expectedReturn),
    ),
    prior: squaredErrors(
      realised,
      rows.map(() => 0),
    ),
  };
}

function directionLosses(rows: readonly LiveOutcome[], baseProbability: number): Losses {
  const up = rows.map((row) => row.up);
  return {
    served: logLosses(
      up,
      rows.map(({ probabilityUp }) => probabilityUp),
    ),
    prior: logLosses(
      up,
      rows.map(() => baseProbability),
    ),
  };
}
