/** what policies made of many installations -> the figures that are compared */
import { must } from '../../../src/assert.ts';
import type { InstrumentOutcome, Promotion } from './simulate.ts';

export interface Measures {
  readonly years: number;
  readonly promotions: number;
  /** Of all promotions of all installations. */
  readonly falseOfAll: number;
  /** Mean over installations of the false share of its promotions, at the end. */
  readonly falseShareEnd: number;
  /** The largest of that mean over all days. */
  readonly falseShareMax: number;
  /** The same two where only what the judged days could tell counts. */
  readonly falseJudgedEnd: number;
  readonly falseJudgedMax: number;
  /** Installations with at least one false promotion. */
  readonly anyFalse: number;
  readonly delays: readonly Delay[];
  /** A row, against the best model there was. */
  readonly regretLoss: number;
  readonly regretMoney: number;
  readonly profit: number;
  readonly rollbacks: number;
  readonly unjustifiedPerChampionYear: number;
  /** Share of days on which a model decided that was worse than the class prior. */
  readonly worseDays: number;
  /** Share of days on which a model decided. */
  readonly championDays: number;
}

/** Of constant markets of one gain: from the first real model to the first true promotion. */
export interface Delay {
  readonly gain: number;
  readonly markets: number;
  readonly promoted: number;
  /** Days; null: fewer than half were promoted. */
  readonly median: number | null;
}

const YEAR_DAYS = 365;

/** `installations`: each a list of its instruments. */
export function measure(
  installations: readonly (readonly InstrumentOutcome[])[],
  gains: readonly number[],
): Measures {
  const all = installations.flat();
  const days = must(all[0]).days;
  const sum = (of: (outcome: InstrumentOutcome) => number): number =>
    all.reduce((total, outcome) => total + of(outcome), 0);
  const promotions = sum((outcome) => outcome.promotions.length);
  const now = falseShares(installations, days, ({ isFalse }) => isFalse);
  const judged = falseShares(installations, days, ({ wasFalse }) => wasFalse);
  const dayCount = all.length * days;
  const championDays = sum((outcome) => outcome.championDays);
  const isFalse = (outcome: InstrumentOutcome): boolean =>
    outcome.promotions.some((promotion) => promotion.isFalse);
  return {
    years: dayCount / YEAR_DAYS,
    promotions,
    falseOfAll:
      promotions === 0
        ? 0
        : sum((outcome) => outcome.promotions.filter((one) => one.isFalse).length) / promotions,
    falseShareEnd: must(now.at(-1)),
    falseShareMax: Math.max(...now),
    falseJudgedEnd: must(judged.at(-1)),
    falseJudgedMax: Math.max(...judged),
    anyFalse: installations.filter((one) => one.some(isFalse)).length / installations.length,
    delays: gains.map((gain) => measureDelay(all, gain)),
    regretLoss: sum((outcome) => outcome.regretLoss) / dayCount,
    regretMoney: sum((outcome) => outcome.regretMoney) / dayCount,
    profit: sum((outcome) => outcome.profit) / dayCount,
    rollbacks: sum((outcome) => outcome.rollbacks),
    unjustifiedPerChampionYear:
      championDays === 0 ? 0 : (sum((outcome) => outcome.unjustified) * YEAR_DAYS) / championDays,
    worseDays: sum((outcome) => outcome.worseDays) / dayCount,
    championDays: championDays / dayCount,
  };
}

/** By day: the mean over installations of the share of promotions so far that are false. */
function falseShares(
  installations: readonly (readonly InstrumentOutcome[])[],
  days: number,
  isFalse: (promotion: Promotion) => boolean,
): Float64Array {
  const shares = new Float64Array(days);
  for (const outcomes of installations) {
    const made = new Float64Array(days);
    const wrong = new Float64Array(days);
    for (const promotion of outcomes.flatMap((outcome) => outcome.promotions)) {
      made[promotion.day]! += 1;
      if (isFalse(promotion)) wrong[promotion.day]! += 1;
    }
    let [madeBy, wrongBy] = [0, 0];
    for (let day = 0; day < days; day++) {
      madeBy += made[day]!;
      wrongBy += wrong[day]!;
      if (madeBy > 0) shares[day]! += wrongBy / madeBy / installations.length;
    }
  }
  return shares;
}

function measureDelay(all: readonly InstrumentOutcome[], gain: number): Delay {
  const delays = all
    .filter((outcome) => outcome.kind === 'constant' && outcome.gain === gain)
    .filter(({ firstRealDay }) => firstRealDay !== null)
    .map(({ firstRealDay, firstTrueDay }) =>
      firstTrueDay === null ? Infinity : firstTrueDay - must(firstRealDay),
    )
    .sort((a, b) => a - b);
  const median = delays[delays.length >> 1] ?? Infinity;
  return {
    gain,
    markets: delays.length,
    promoted: delays.filter(Number.isFinite).length,
    median: Number.isFinite(median) ? median : null,
  };
}
