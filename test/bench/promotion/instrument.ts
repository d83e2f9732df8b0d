/**
 * the days of a market and its models -> what each said on a day, and how that compares
 *
 * Every policy asks the same instrument, so all see the same market and the same models. What is
 * computed is kept while somebody may ask for it again.
 */
import { US_PER_DAY } from '../../../src/domain/time.ts';
import { sessionLogs } from '../../../src/learning/evidence/lag-tracks.ts';
import type { SessionValues } from '../../../src/learning/evidence/sessions.ts';
import { MarketDays, ROWS, TRACKS, type MarketDay } from './market.ts';
import type { Predictions, SimulatedModel } from './model.ts';

/** Blocks of two hours, the gate's; what is left of the day goes into the last. */
export const BLOCKS = Math.floor(ROWS / 120);
/** Mean loss of a row in each block of a day. */
export type BlockLosses = Float64Array;

export const PRIOR_LOSS = Math.LN2;
/** What the class prior says: one half, always. */
const PRIOR: Predictions = {
  ifUp: new Float64Array(ROWS).fill(-PRIOR_LOSS),
  ifDown: new Float64Array(ROWS).fill(-PRIOR_LOSS),
};

export class Instrument {
  readonly kappas: Float64Array;
  readonly #market: MarketDays;
  readonly #keepDays: number;
  readonly #days = new Map<number, MarketDay>();
  #predictions = new Map<number, Predictions>();
  readonly #losses = new Map<number, Map<number, BlockLosses>>();
  #against = new Map<string, SessionValues>();
  #day = -1;

  /** `keepDays`: so many days back somebody may ask for losses. */
  constructor(seed: number, kappas: Float64Array, keepDays: number) {
    this.#market = new MarketDays(seed);
    this.kappas = kappas;
    this.#keepDays = keepDays;
  }

  /** The next day begins, and is over. */
  advance(): void {
    this.#day += 1;
    this.#days.set(this.#day, this.#market.next(this.kappas[this.#day]!));
    this.#losses.set(this.#day, new Map());
    this.#days.delete(this.#day - this.#keepDays);
    this.#losses.delete(this.#day - this.#keepDays);
    this.#predictions = new Map();
    this.#against = new Map();
  }

  /** Losses of a model on a day; null: of the class prior. */
  losses(model: SimulatedModel | null, day: number): BlockLosses {
    if (model === null) return new Float64Array(BLOCKS).fill(PRIOR_LOSS);
    const ofDay = this.#losses.get(day)!;
    let losses = ofDay.get(model.plan.id);
    if (losses === undefined) {
      losses = blockLosses(this.#predictionsOn(model, day), this.#days.get(day)!.up);
      ofDay.set(model.plan.id, losses);
    }
    return losses;
  }

  /** What today says of two models, as a review has it; null: the class prior. */
  session(candidate: SimulatedModel | null, reference: SimulatedModel | null): SessionValues {
    const key = `${candidate?.plan.id ?? ''}|${reference?.plan.id ?? ''}`;
    let values = this.#against.get(key);
    if (values === undefined) {
      values = this.#computeSession(candidate, reference);
      this.#against.set(key, values);
    }
    return values;
  }

  #computeSession(
    candidate: SimulatedModel | null,
    reference: SimulatedModel | null,
  ): SessionValues {
    const { up } = this.#days.get(this.#day)!;
    const own = this.#predictionsOn(candidate, this.#day);
    const other = this.#predictionsOn(reference, this.#day);
    const gains = new Float64Array(ROWS);
    const mostLost = new Float64Array(ROWS);
    let sum = 0;
    for (let i = 0; i < ROWS; i++) {
      const ifUp = own.ifUp[i]! - other.ifUp[i]!;
      const ifDown = own.ifDown[i]! - other.ifDown[i]!;
      const gain = up[i] === 1 ? ifUp : ifDown;
      gains[i] = gain;
      mostLost[i] = ifUp < ifDown ? -ifUp : -ifDown;
      sum += gain;
    }
    const logs = sessionLogs({ step: STEPS, gain: gains, mostLost }, TRACKS);
    const rival = reference === null ? null : String(reference.plan.id);
    return { sessionTs: this.#day * US_PER_DAY, latenessUs: 0, bets: ROWS, gain: sum, rival, logs };
  }

  #predictionsOn(model: SimulatedModel | null, day: number): Predictions {
    if (model === null) return PRIOR;
    if (day !== this.#day) return model.predict(day, this.#days.get(day)!.z);
    let predictions = this.#predictions.get(model.plan.id);
    if (predictions === undefined) {
      predictions = model.predict(day, this.#days.get(day)!.z);
      this.#predictions.set(model.plan.id, predictions);
    }
    return predictions;
  }
}

const STEPS = Uint16Array.from({ length: ROWS }, (_, i) => i);

function blockLosses({ ifUp, ifDown }: Predictions, up: Uint8Array): BlockLosses {
  const losses = new Float64Array(BLOCKS);
  const rows = ROWS / BLOCKS;
  for (let i = 0; i < ROWS; i++) {
    const block = Math.min(BLOCKS - 1, Math.floor(i / rows));
    losses[block]! -= up[i] === 1 ? ifUp[i]! : ifDown[i]!;
  }
  return losses.map((loss) => loss / rows);
}
