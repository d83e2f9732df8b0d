/**
 * The shipped test of the gate over days of a simulated market. It counts blocks of two hours in
 * any case, so it gets one row for each, and fewer resamples.
 */
import { US_PER_DAY, US_PER_HOUR } from '../../../src/domain/time.ts';
import { judge, type GateSettings, type GateVerdict } from '../../../src/learning/gate.ts';
import { BLOCKS, type Instrument } from './instrument.ts';
import type { SimulatedModel } from './model.ts';

const RESAMPLES = 399;

export interface Comparison {
  readonly fromDay: number;
  /** The last day that counts. */
  readonly day: number;
  readonly candidate: SimulatedModel | null;
  readonly references: readonly (SimulatedModel | null)[];
  readonly settings: Partial<GateSettings>;
}

/** Whether the candidate is better than each reference; the verdict, where that is looked into. */
export function isBetter(instrument: Instrument, compared: Comparison): GateVerdict | null {
  const { fromDay, day, candidate, references, settings } = compared;
  const own = collectLosses(instrument, candidate, fromDay, day);
  const others = references.map((model) => collectLosses(instrument, model, fromDay, day));
  // Whoever is not better on these rows passes by no settings: nothing to be resampled.
  if (others.some((losses) => sumValues(losses) <= sumValues(own))) return null;
  const decidedTs = Array.from(
    own,
    (_, i) =>
      (fromDay + Math.floor(i / BLOCKS)) * US_PER_DAY + 2 * US_PER_HOUR * Math.floor(i % BLOCKS),
  );
  const verdict = judge({
    decidedTs,
    horizonUs: US_PER_HOUR,
    loss: 'log_loss',
    candidate: own,
    references: others.map((losses, i) => ({ name: `reference_${i}`, losses })),
    replayParity: null,
    seed: day,
    // A row is a block of two horizons: the settings' 24 horizons are 12 of them.
    settings: { resamples: RESAMPLES, ...settings, minRows: 12, minHorizons: 12 },
  });
  return verdict.passed ? verdict : null;
}

function collectLosses(
  instrument: Instrument,
  model: SimulatedModel | null,
  fromDay: number,
  day: number,
): Float64Array {
  const losses = new Float64Array((day - fromDay + 1) * BLOCKS);
  for (let d = fromDay; d <= day; d++) {
    losses.set(instrument.losses(model, d), (d - fromDay) * BLOCKS);
  }
  return losses;
}

const sumValues = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

interface Holdout {
  /** Its last day. */
  readonly day: number;
  readonly holdoutDays: number;
}

/** Gain a row of a candidate against the class prior, on its holdout. */
export function holdoutGain(
  instrument: Instrument,
  candidate: SimulatedModel,
  { day, holdoutDays }: Holdout,
): number {
  const [prior, own] = [null, candidate].map((model) =>
    collectLosses(instrument, model, day - holdoutDays + 1, day),
  );
  return (sumValues(prior!) - sumValues(own!)) / own!.length;
}

/** Its gain a row against the class prior, where a candidate passes the gate; null: it does not. */
export function gateGain(
  instrument: Instrument,
  candidate: SimulatedModel,
  champion: SimulatedModel | null,
  { day, holdoutDays }: Holdout,
): number | null {
  const verdict = isBetter(instrument, {
    fromDay: day - holdoutDays + 1,
    day,
    candidate,
    references: champion === null ? [null] : [null, champion],
    settings: {},
  });
  return verdict?.comparisons?.[0]?.gain ?? null;
}
