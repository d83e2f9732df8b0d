/**
 * The shipped policy: `pipelines/review/promotion-policy.ts` over evidence that holds however often
 * one looks (`src/learning/evidence/`), and one ledger for all instruments of the installation.
 * What the registry does with the decisions is done here, without its tables.
 */
import { decide, type Decision } from '../../../../pipelines/review/promotion-policy.ts';
import { must } from '../../../../src/assert.ts';
import { US_PER_DAY } from '../../../../src/domain/time.ts';
import {
  admit,
  NEW_LEDGER,
  promote,
  withdraw,
  type LoanLedger,
} from '../../../../src/learning/evidence/loans.ts';
import {
  championAfter,
  NEW_CHAMPION,
  NEW_SHADOW,
  shadowAfter,
  type ChampionStanding,
  type ShadowStanding,
} from '../../../../src/learning/evidence/standing.ts';
import { gateGain, holdoutGain } from '../block-judge.ts';
import type { Instrument } from '../instrument.ts';
import type { SimulatedModel } from '../model.ts';
import type { Change, Look, Policy, Rules } from '../policy.ts';

interface Shadow {
  readonly model: SimulatedModel;
  readonly loan: number;
  readonly fromDay: number;
  standing: ShadowStanding;
}

interface Slots {
  champion: { readonly model: SimulatedModel; standing: ChampionStanding } | null;
  shadows: Shadow[];
  /** Newest first. */
  waiting: { readonly model: SimulatedModel; readonly gain: number | null }[];
}

export interface EvidenceOptions {
  /** Whether the gate on the holdout stands in front. */
  readonly gate: boolean;
  /** Whether evidence against a champion counts against the next one too. */
  readonly inherited: boolean;
}

const readId = ({ plan }: SimulatedModel): string => String(plan.id);
/** The moment of the look at the end of a day. */
const endTs = (day: number): number => (day + 1) * US_PER_DAY;

class Installation {
  #ledger: LoanLedger = NEW_LEDGER;
  readonly #slots: Slots[];
  readonly #rules: Rules;
  readonly #options: EvidenceOptions;

  constructor(
    champions: readonly (SimulatedModel | null)[],
    rules: Rules,
    options: EvidenceOptions,
  ) {
    this.#slots = champions.map((model) => ({
      champion: model === null ? null : { model, standing: NEW_CHAMPION },
      shadows: [],
      waiting: [],
    }));
    this.#rules = rules;
    this.#options = options;
  }

  look({ day, index, instrument, arrived }: Look): readonly Change[] {
    const slots = this.#slots[index]!;
    count(slots, instrument, this.#options);
    if (arrived !== null) this.#judge(slots, instrument, arrived, day);
    slots.waiting = slots.waiting.filter(({ model }) => day < model.plan.expiresDay);
    const { champion, shadows, waiting } = slots;
    const decisions = decide({
      atTs: endTs(day),
      champion:
        champion === null
          ? null
          : {
              modelId: readId(champion.model),
              expiresTs: expiryTs(champion.model),
              standing: champion.standing,
            },
      shadows: shadows.map(({ model, loan, standing }) => ({
        ...{ modelId: readId(model), expiresTs: expiryTs(model), loan, standing },
      })),
      waiting: waiting.map(({ model, gain }) => ({ modelId: readId(model), gain })),
      ledger: this.#ledger,
    });
    return decisions.flatMap((decision) => this.#carryOut(slots, decision, day) ?? []);
  }

  #judge(slots: Slots, instrument: Instrument, model: SimulatedModel, day: number): void {
    const reference = slots.champion?.model ?? null;
    const holdout = { ...this.#rules, day };
    const gain = this.#options.gate
      ? gateGain(instrument, model, reference, holdout)
      : holdoutGain(instrument, model, holdout);
    if (gain !== null) slots.waiting.unshift({ model, gain });
  }

  #carryOut(slots: Slots, { modelId, deed }: Decision, day: number): Change | null {
    const isIt = ({ model }: { readonly model: SimulatedModel }): boolean =>
      readId(model) === modelId;
    if (deed === 'expire' || deed === 'demote') {
      slots.champion = null;
      return { kind: deed === 'expire' ? 'expire' : 'rollback', to: null };
    }
    if (deed === 'reject') {
      const { loan, standing } = must(slots.shadows.find(isIt));
      this.#ledger = withdraw(this.#ledger, { loan, logEvidence: standing.logEvidence });
      slots.shadows = slots.shadows.filter((shadow) => !isIt(shadow));
    }
    if (deed === 'shadow') {
      const { model } = must(slots.waiting.find(isIt));
      slots.waiting = slots.waiting.filter((other) => !isIt(other));
      this.#shadow(slots, model, day);
    }
    if (deed !== 'promote') return null;
    const { model, fromDay } = must(slots.shadows.find(isIt));
    slots.shadows = slots.shadows.filter((shadow) => !isIt(shadow));
    this.#ledger = promote(this.#ledger);
    const replaced = slots.champion?.model ?? null;
    slots.champion = { model, standing: NEW_CHAMPION };
    if (replaced !== null) this.#shadow(slots, replaced, day);
    return { kind: 'promote', model, judgedFrom: fromDay, judgedOn: 'live' };
  }

  #shadow(slots: Slots, model: SimulatedModel, day: number): void {
    const { loan, ledger } = admit(this.#ledger);
    this.#ledger = ledger;
    slots.shadows.push({ model, loan, fromDay: day + 1, standing: NEW_SHADOW });
  }
}

/** The last day counts in full; the model is gone at the look behind it. */
const expiryTs = ({ plan }: SimulatedModel): number | null =>
  Number.isFinite(plan.expiresDay) ? endTs(plan.expiresDay) - 1 : null;

/** The day that is over is added to whatever stands in a slot. */
function count(
  { champion, shadows }: Slots,
  instrument: Instrument,
  { inherited }: EvidenceOptions,
): void {
  for (const shadow of shadows) {
    const against = instrument.session(shadow.model, champion?.model ?? null);
    shadow.standing = shadowAfter(shadow.standing, {
      champion: inherited ? { ...against, rival: null } : against,
      base_rate: instrument.session(shadow.model, null),
    });
  }
  if (champion === null) return;
  champion.standing = championAfter(champion.standing, instrument.session(null, champion.model));
}

const buildPolicy = (name: string, title: string, options: EvidenceOptions): Policy => ({
  ...{ name, title },
  start: (champions, rules) => {
    const installation = new Installation(champions, rules, options);
    return { look: (look) => installation.look(look) };
  },
});

const SHIPPED: EvidenceOptions = { gate: true, inherited: false };

export const evidence = buildPolicy('evidence', 'ours', SHIPPED);

/** Every candidate becomes a shadow: nothing but the evidence holds it back. */
export const evidenceUngated = buildPolicy('evidence-ungated', 'ours, no gate', {
  ...SHIPPED,
  gate: false,
});

/** What it would be if a new champion inherited what was won against the former. */
export const evidenceInherited = buildPolicy('evidence-inherited', 'ours, inherited', {
  ...SHIPPED,
  inherited: true,
});
