/**
 * A recording -> its decisions with features, outcomes and what the online baseline said, by the
 * stream's own operators and labels, without servers.
 */
import { labelDecisions } from '../../pipelines/labels/labels.ts';
import type { LabelPrice } from '../../pipelines/grades/grading.ts';
import { instrumentStream } from '../../pipelines/stream/stream.ts';
import { trainingSet, type TrainingSet } from '../../src/learning/training-set.ts';
import { initialControlState } from '../../src/domain/control.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { toMarketTick } from '../../src/domain/tick.ts';
import type { Feature, Prediction, Tick } from '../../src/domain/wire.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { LATENESS_US, streamInput } from '../support/stream-input.ts';

export interface RecordedMarket {
  readonly set: TrainingSet;
  /** Simple return over the horizon that ends at the decision, by row; 0: not known. */
  readonly pastReturn: Float64Array;
  readonly ticks: number;
  readonly fromTs: number;
  readonly toTs: number;
}

export async function recordedMarket(
  ticks: AsyncIterable<{ readonly tick: Tick }>,
  labelSpec: string,
): Promise<RecordedMarket> {
  const { horizonUs } = parseLabelSpec(labelSpec);
  const chain = instrumentStream({ horizonUs, labelSpec });
  const state = chain.initial();
  const control = initialControlState();
  const features: Feature[] = [];
  const predictions: Prediction[] = [];
  const prices: LabelPrice[] = [];
  for await (const { tick } of ticks) {
    chain.step(state, streamInput(tick, control), (out) => {
      if (out.kind === 'feature') features.push(out);
      else if (out.kind === 'prediction') predictions.push(out);
    });
    prices.push({ ts: tick.ts, knownAt: tick.ts, price: toMarketTick(tick).price });
  }
  const labels = labelDecisions({
    ...{ venue: 'recorded', symbol: 'recorded', labelSpec, horizonUs, latenessUs: LATENESS_US },
    decisions: predictions.map(({ ts, decided_ts }) => ({ ts, decidedTs: decided_ts })),
    ...{ prices, arrivals: prices, gaps: [] },
  });
  const vectors = features.map(({ ts, decided_ts, values }) => ({
    ...{ ts, decided_ts },
    values: FEATURE_NAMES.map((name) => values[name] ?? null),
  }));
  const set = trainingSet(vectors, labels, predictions);
  const pastReturn = pastReturns(
    set.rows.map(({ decidedTs }) => decidedTs),
    prices,
    horizonUs,
  );
  const [first, last] = [prices[0]?.ts ?? 0, prices.at(-1)?.ts ?? 0];
  return { set, pastReturn, ticks: prices.length, fromTs: first, toTs: last };
}

/** From the last price at or before one horizon earlier to the last at or before the decision. */
function pastReturns(
  decidedTs: readonly number[],
  prices: readonly LabelPrice[],
  horizonUs: number,
): Float64Array {
  let now = -1;
  let then = -1;
  const forward = (at: number, ts: number): number => {
    while (at + 1 < prices.length && prices[at + 1]!.ts <= ts) at += 1;
    return at;
  };
  return Float64Array.from(decidedTs, (ts) => {
    now = forward(now, ts);
    then = forward(then, ts - horizonUs);
    return then < 0 ? 0 : prices[now]!.price / prices[then]!.price - 1;
  });
}
