/**
 * decisions, how far the market moves, and prices -> barrier labels, at tick precision
 *
 *   entry * (1 + 3 atr) ------------------- long's target
 *   entry * (1 + 2 atr) ------------------- short's stop
 *   entry --------------------------------> event time, to decided_ts + horizon
 *   entry * (1 - 2 atr) ------------------- long's stop
 *   entry * (1 - 3 atr) ------------------- short's target
 *
 * What either side would have met first, by the operator that grades signals. `atr` is the
 * decision's own feature, a fraction of the price, so a label is as strict in a calm market as in
 * a wild one. The triple-barrier method: M. Lopez de Prado, Advances in Financial Machine Learning,
 * chapter 3.
 */
import type { BarrierSide } from '../../src/domain/records/label.ts';
import type { Side } from '../../src/domain/records/fields.ts';
import type { BarrierLabelRow } from '../../src/questdb/tables/labels.ts';
import { gradeSignals, type Grade, type GradedSignal, type Touched } from '../grades/grades.ts';
import { labelDecisions, type LabelRequest } from './labels.ts';
import type { LabelPrice } from '../grades/grading.ts';

/** The definition's first version: distances from the entry in ATRs of this feature. */
export const BARRIERS = { atr: 'atr_14_15m', target: 3, stop: 2 } as const;

export interface BarrierRequest extends LabelRequest {
  /** Of each decision: the ATR as a fraction of the price; null: it was not known. */
  readonly atrs: readonly (number | null)[];
}

/** Barrier labels of the decisions that have matured, in their order. */
export function labelBarriers(request: BarrierRequest): BarrierLabelRow[] {
  const { atrs } = request;
  // Whether and since when a decision can be graded, and at what price it enters.
  const heads = labelDecisions(request);
  const entries = findEntries(
    request,
    heads.map(({ label_known_at }) => label_known_at),
  );
  const long = gradeSide(request, entries, 'buy');
  const short = gradeSide(request, entries, 'sell');
  return heads.map((head, i) => {
    const fixed = { ...head, entry_ts: null, entry_price: null, exit_ts: null, exit_price: null };
    const none = { ...fixed, forward_return: null, up: null, ...NO_SIDES, state: 'void' as const };
    if ((atrs[i] ?? null) === null) return { ...none, void_reason: 'warming_up' };
    const [a, b] = [long.get(i)?.outcome, short.get(i)?.outcome];
    if (a === undefined || b === undefined) return { ...none, void_reason: 'no_entry' };
    if (typeof a === 'string') return { ...none, void_reason: a };
    if (typeof b === 'string') return { ...none, void_reason: b };
    return {
      ...head,
      state: 'matured',
      void_reason: null,
      entry_ts: a.entryTs,
      entry_price: a.entryPrice,
      exit_ts: a.exitTs,
      exit_price: a.exitPrice,
      forward_return: a.forwardReturn,
      up: a.forwardReturn > 0 ? 1 : 0,
      ...sideColumns('long', a),
      ...sideColumns('short', b),
    };
  });
}

const sideColumns = <S extends 'long' | 'short'>(side: S, touched: Touched): BarrierSide<S> =>
  ({
    [`${side}_touched`]: touched.touched,
    [`${side}_exit_ts`]: touched.exitTs,
    [`${side}_exit_price`]: touched.exitPrice,
    [`${side}_exit_id`]: touched.exitTickId,
    [`${side}_held_s`]: touched.heldUs / 1e6,
    [`${side}_best`]: touched.bestExcursion,
    [`${side}_worst`]: touched.worstExcursion,
  }) as BarrierSide<S>;

const noSide = <S extends 'long' | 'short'>(side: S): BarrierSide<S> =>
  ({
    [`${side}_touched`]: null,
    [`${side}_exit_ts`]: null,
    [`${side}_exit_price`]: null,
    [`${side}_exit_id`]: null,
    [`${side}_held_s`]: null,
    [`${side}_best`]: null,
    [`${side}_worst`]: null,
  }) as BarrierSide<S>;

const NO_SIDES = { ...noSide('long'), ...noSide('short') };

/** The first price behind each decision that was known by its label; null: there is none. */
function findEntries(
  { decisions, prices }: LabelRequest,
  knownBy: readonly number[],
): (LabelPrice | null)[] {
  let from = 0;
  return knownBy.map((by, i) => {
    const decidedTs = decisions[i]?.decidedTs ?? Infinity;
    while (from < prices.length && (prices[from]?.ts ?? 0) <= decidedTs) from += 1;
    let at = from;
    while (at < prices.length && (prices[at]?.knownAt ?? 0) > by) at += 1;
    return prices[at] ?? null;
  });
}

/** Grades by the decision's place; only of those with an entry and an ATR. */
function gradeSide(
  request: BarrierRequest,
  entries: readonly (LabelPrice | null)[],
  direction: Side,
): ReadonlyMap<number, Grade> {
  const sign = direction === 'buy' ? 1 : -1;
  const signals: GradedSignal[] = [];
  entries.forEach((entry, i) => {
    const atr = request.atrs[i] ?? null;
    if (entry === null || atr === null) return;
    signals.push({
      signalId: String(i),
      decidedTs: request.decisions[i]?.decidedTs ?? 0,
      direction,
      stopLoss: entry.price * (1 - sign * BARRIERS.stop * atr),
      takeProfit: entry.price * (1 + sign * BARRIERS.target * atr),
    });
  });
  const grades = gradeSignals({ ...request, signals });
  return new Map(grades.map((grade) => [Number(grade.signalId), grade]));
}
