/**
 * The loop without servers: a market through the real operators, outcomes by the real labels, a
 * candidate by real LightGBM. What `npm start` does, in one process and a few seconds.
 */
import { labelDecisions } from '../../pipelines/labels/labels.ts';
import { instrumentStream, type Derived } from '../../pipelines/stream/stream.ts';
import { trainingSet } from '../../src/learning/training-set.ts';
import { initialControlState } from '../../src/domain/control.ts';
import { US_PER_HOUR } from '../../src/domain/time.ts';
import type { Feature, Prediction, TradeTick } from '../../src/domain/wire.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { trainCandidate, type Candidate } from '../../src/learning/train.ts';
import type { LabelRow } from '../../src/questdb/tables/labels.ts';
import { testLightgbm } from './lightgbm.ts';
import { LATENESS_US, streamInput } from './stream-input.ts';

export const LABEL_SPEC = 'direction_1h@1';

export interface Graded {
  readonly features: readonly Feature[];
  readonly predictions: readonly Prediction[];
  readonly labels: readonly LabelRow[];
  readonly derived: readonly Derived[];
}

/** Runs the ticks through the stream's chain and grades every decision that matures. */
export function gradedMarket(ticks: Iterable<TradeTick>, control = initialControlState()): Graded {
  const settings = { horizonUs: US_PER_HOUR, labelSpec: LABEL_SPEC };
  const chain = instrumentStream(settings);
  const state = chain.initial();
  const derived: Derived[] = [];
  const prices: { ts: number; knownAt: number; price: number }[] = [];
  for (const tick of ticks) {
    chain.step(state, streamInput(tick, control), (out) => derived.push(out));
    prices.push({ ts: tick.ts, knownAt: tick.ts, price: Number(tick.price) });
  }
  const predictions = derived.filter((out) => out.kind === 'prediction');
  const labels = labelDecisions({
    venue: 'v',
    symbol: 's',
    labelSpec: LABEL_SPEC,
    horizonUs: US_PER_HOUR,
    latenessUs: LATENESS_US,
    decisions: predictions.map(({ ts, decided_ts }) => ({ ts, decidedTs: decided_ts })),
    prices,
    arrivals: prices,
    gaps: [],
  });
  return {
    features: derived.filter((out) => out.kind === 'feature'),
    predictions,
    labels,
    derived,
  };
}

export function trainedOn({ features, labels, predictions }: Graded, seed = 1): Candidate {
  const set = trainingSet(
    features.map(({ ts, decided_ts, values }) => ({
      ts,
      decided_ts,
      values: FEATURE_NAMES.map((name) => values[name] ?? null),
    })),
    labels,
    predictions,
  );
  return trainCandidate({
    rows: set.rows,
    featureNames: FEATURE_NAMES,
    featureSet: FEATURE_SET,
    labelSpec: LABEL_SPEC,
    trainer: testLightgbm(),
    seed,
    expiresTs: null,
    replayParity: true,
  });
}
