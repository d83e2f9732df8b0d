/**
 * The champion of a policy that judges by fixed samples: who was replaced waits to come back, and a
 * daily look at the last seven days takes back whoever is worse than the class prior.
 */
import { isBetter } from './block-judge.ts';
import type { SimulatedModel } from './model.ts';
import type { Change, Look } from './policy.ts';

const WINDOW_DAYS = 7;

interface Seat {
  readonly model: SimulatedModel;
  readonly fromDay: number;
}

export class ChampionSlot {
  #seat: Seat | null;
  readonly #before: Seat[] = [];

  constructor(champion: SimulatedModel | null) {
    this.#seat = champion === null ? null : { model: champion, fromDay: 0 };
  }

  get champion(): SimulatedModel | null {
    return this.#seat?.model ?? null;
  }

  get fromDay(): number {
    return this.#seat?.fromDay ?? 0;
  }

  promote(model: SimulatedModel, day: number): void {
    if (this.#seat !== null) this.#before.push(this.#seat);
    this.#seat = { model, fromDay: day + 1 };
  }

  /** Expiry and the daily look at the champion. */
  review({ day, instrument }: Look): Change | null {
    if (this.#seat === null) return null;
    const { model, fromDay } = this.#seat;
    if (day >= model.plan.expiresDay) {
      this.#seat = null;
      return { kind: 'expire', to: null };
    }
    const from = Math.max(fromDay, day - WINDOW_DAYS + 1);
    if (from > day) return null;
    const settings = { level: 0.05, marginShare: 0 };
    const references = [model];
    const compared = { fromDay: from, day, candidate: null, references, settings };
    if (isBetter(instrument, compared) === null) return null;
    const before = this.#before.pop();
    this.#seat =
      before === undefined || day >= before.model.plan.expiresDay
        ? null
        : { ...before, fromDay: day + 1 };
    return { kind: 'rollback', to: this.champion };
  }
}
