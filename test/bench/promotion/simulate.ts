/**
 * an installation of some instruments and a year -> what each policy made of it
 *
 * All policies see the same markets and the same models. What comes out is counted by what is truly
 * expected, not by what happened to come: a market's edge and each model's part of it are known.
 */
import { Instrument } from './instrument.ts';
import type { MarketKind } from './market.ts';
import type { SimulatedModel } from './model.ts';
import type { Change, Policy } from './policy.ts';
import { planInstrument, type InstrumentPlan, type Scenario } from './scenario.ts';

export interface Promotion {
  readonly day: number;
  /** From the next day on it is no better than whom it replaces, or than the class prior. */
  readonly isFalse: boolean;
  /** It was no better while it was judged: what evidence can be asked for. */
  readonly wasFalse: boolean;
}

/** What a policy made of one instrument. */
export interface InstrumentOutcome {
  readonly kind: MarketKind;
  readonly gain: number;
  readonly firstRealDay: number | null;
  firstTrueDay: number | null;
  promotions: Promotion[];
  /** Days on which a model decided, and on which it was worse than the class prior. */
  championDays: number;
  worseDays: number;
  rollbacks: number;
  /** Rolled back while better than the class prior. */
  unjustified: number;
  /** Sums over days of what the best model there was would have had more, a row. */
  regretLoss: number;
  regretMoney: number;
  profit: number;
  days: number;
}

/** Gains that differ by less are equal: they come of quadrature. */
const EQUAL = 1e-7;
/** Judgements look back at most so many days. */
const LOOK_BACK_DAYS = 7;

/** Of each policy, instrument by instrument. `ordinal`: of the installation's first instrument. */
export function simulate(
  scenario: Scenario,
  policies: readonly Policy[],
  seed: number,
  ordinal: number,
): InstrumentOutcome[][] {
  const { instruments: count, days, holdoutDays } = scenario;
  const plans = Array.from({ length: count }, (_, i) =>
    planInstrument(scenario, seed, ordinal + i),
  );
  const keepDays = Math.max(LOOK_BACK_DAYS, holdoutDays) + 1;
  const markets = plans.map((plan) => new Instrument(plan.seed, plan.kappas, keepDays));
  const runs = policies.map((policy) => {
    const run = policy.start(
      plans.map(({ champion }) => champion),
      { holdoutDays },
    );
    return { run, seats: plans.map((plan) => new Seat(plan, days)) };
  });
  for (let day = 0; day < days; day++) {
    for (const [index, plan] of plans.entries()) {
      const instrument = markets[index]!;
      instrument.advance();
      const best = findBest(plan, day);
      const arrived = plan.models.find((model) => model.plan.arrivedDay === day) ?? null;
      for (const { run, seats } of runs) {
        seats[index]!.decided(day, best);
        const look = { day, index, instrument, arrived };
        for (const change of run.look(look)) seats[index]!.changed(change, day);
      }
    }
  }
  return runs.map(({ seats }) => seats.map(({ outcome }) => outcome));
}

interface Best {
  readonly gain: number;
  readonly profit: number;
}

/** What the best of the models that have arrived and not expired is worth; at least the prior's. */
function findBest({ models, champion, kappas }: InstrumentPlan, day: number): Best {
  const kappa = kappas[day]!;
  let [gain, profit] = [0, 0];
  const known = champion === null ? models : [champion, ...models];
  for (const model of known) {
    const { arrivedDay, expiresDay, id } = model.plan;
    if ((arrivedDay >= day && id !== 0) || expiresDay < day) continue;
    gain = Math.max(gain, model.gain(kappa));
    profit = Math.max(profit, model.profit(kappa));
  }
  return { gain, profit };
}

/** Who decides for an instrument, and what that comes to. */
class Seat {
  readonly outcome: InstrumentOutcome;
  readonly #kappas: Float64Array;
  #champion: SimulatedModel | null;
  /** Gain of whoever decided, day by day. */
  readonly #gains: Float64Array;

  constructor({ kind, gain, firstRealDay, kappas, champion }: InstrumentPlan, days: number) {
    this.#kappas = kappas;
    this.#champion = champion;
    this.#gains = new Float64Array(days);
    this.outcome = {
      ...{ kind, gain, firstRealDay, firstTrueDay: null, promotions: [] },
      ...{ championDays: 0, worseDays: 0, rollbacks: 0, unjustified: 0 },
      ...{ regretLoss: 0, regretMoney: 0, profit: 0, days },
    };
  }

  decided(day: number, best: Best): void {
    const { outcome } = this;
    const kappa = this.#kappas[day]!;
    const gain = this.#champion?.gain(kappa) ?? 0;
    const profit = this.#champion?.profit(kappa) ?? 0;
    this.#gains[day] = gain;
    outcome.regretLoss += best.gain - gain;
    outcome.regretMoney += best.profit - profit;
    outcome.profit += profit;
    if (this.#champion === null) return;
    outcome.championDays += 1;
    if (gain < -EQUAL) outcome.worseDays += 1;
  }

  changed(change: Change, day: number): void {
    const { outcome } = this;
    const kappa = this.#kappas[Math.min(day + 1, this.#kappas.length - 1)]!;
    if (change.kind === 'promote') {
      const promotion = this.#promotion(change, day, kappa);
      outcome.promotions.push(promotion);
      if (!promotion.isFalse) outcome.firstTrueDay ??= day;
      this.#champion = change.model;
      return;
    }
    if (change.kind === 'rollback') {
      outcome.rollbacks += 1;
      if ((this.#champion?.gain(kappa) ?? 0) > EQUAL) outcome.unjustified += 1;
    }
    this.#champion = change.to;
  }

  #promotion(
    { model, judgedFrom, judgedOn }: Extract<Change, { kind: 'promote' }>,
    day: number,
    kappa: number,
  ): Promotion {
    const gain = model.gain(kappa);
    let [own, more] = [0, 0];
    for (let d = judgedFrom; d <= day; d++) {
      const then = this.#kappas[d]!;
      own += model.gain(then);
      const other = judgedOn === 'live' ? this.#gains[d]! : (this.#champion?.gain(then) ?? 0);
      more += model.gain(then) - other;
    }
    const judged = day - judgedFrom + 1;
    return {
      day,
      isFalse: gain <= EQUAL || gain - (this.#champion?.gain(kappa) ?? 0) <= EQUAL,
      wasFalse: own / judged <= EQUAL || more / judged <= EQUAL,
    };
  }
}
