/**
 * What the project did before its verdicts were e-processes: behind the gate one shadow at a time,
 * looked at every day at p <= 0.1 against the champion and the class prior, ended at p <= 0.05 of
 * the reverse, or after seven days.
 */
import { gateGain, isBetter } from '../block-judge.ts';
import type { SimulatedModel } from '../model.ts';
import type { Change, Look, Policy, Rules } from '../policy.ts';
import { ChampionSlot } from '../champion-slot.ts';

const PATIENCE_DAYS = 7;

interface Shadow {
  readonly model: SimulatedModel;
  readonly fromDay: number;
}

class Place {
  readonly #slot: ChampionSlot;
  readonly #rules: Rules;
  #shadow: Shadow | null = null;
  /** Newest first. */
  #waiting: SimulatedModel[] = [];

  constructor(champion: SimulatedModel | null, rules: Rules) {
    this.#slot = new ChampionSlot(champion);
    this.#rules = rules;
  }

  look(look: Look): readonly Change[] {
    const { day, instrument, arrived } = look;
    const { champion } = this.#slot;
    if (arrived !== null && gateGain(instrument, arrived, champion, { ...this.#rules, day })) {
      this.#waiting.unshift(arrived);
    }
    const ended = this.#slot.review(look);
    // Behind a rollback nothing is promoted at the same look.
    const promoted = this.#ofShadow(look, champion, ended?.kind !== 'rollback');
    if (this.#shadow === null) {
      this.#waiting = this.#waiting.filter(({ plan }) => day < plan.expiresDay);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#shadow = { model: next, fromDay: day + 1 };
    }
    return [...(ended === null ? [] : [ended]), ...(promoted === null ? [] : [promoted])];
  }

  #ofShadow(look: Look, champion: SimulatedModel | null, mayPromote: boolean): Change | null {
    if (this.#shadow === null) return null;
    const { day, instrument } = look;
    const { model, fromDay: since } = this.#shadow;
    const fromDay = champion === null ? since : Math.max(since, this.#slot.fromDay);
    const references = champion === null ? [null] : [champion, null];
    const isOver = day - since + 1 > PATIENCE_DAYS || day >= model.plan.expiresDay;
    const hasLost = (): boolean =>
      references.some(
        (candidate) =>
          isBetter(instrument, {
            ...{ fromDay, day, candidate, references: [model] },
            settings: { level: 0.05, marginShare: 0 },
          }) !== null,
      );
    if (isOver || hasLost()) {
      this.#shadow = null;
      return null;
    }
    const settings = { level: 0.1 };
    const compared = { fromDay, day, candidate: model, references, settings };
    if (!mayPromote || isBetter(instrument, compared) === null) return null;
    this.#slot.promote(model, day);
    this.#shadow = null;
    return { kind: 'promote', model, judgedFrom: since, judgedOn: 'live' };
  }
}

export const dailyLooks: Policy = {
  name: 'daily',
  title: 'gate, then daily p <= 0.1',
  start: (champions, rules) => {
    const places = champions.map((champion) => new Place(champion, rules));
    return { look: (look) => places[look.index]!.look(look) };
  },
};
