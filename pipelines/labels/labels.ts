/**
 * decisions and prices -> labels: what happened after each decision, at tick precision
 *
 *   decided_ts        entry                                   exit   decided_ts + horizon
 *   ----|-------------|---------------------------------------|------|---------> event time
 *       first price strictly after the decision               last price at or before
 *
 * A label exists once the stored stream has passed the end of the horizon by the lateness; it is
 * known since the record that showed that, and prices that were known only later do not count. A
 * label is void, with its reason, where the prices do not carry one.
 */
import type { LabelRow } from '../../src/questdb/tables/labels.ts';
import {
  shownAtOrBehind,
  TOLERANCE_SHARE,
  type GradingInput,
  type LabelGap,
  type LabelPrice,
  type VoidReason,
} from '../grades/grading.ts';

export interface LabelDecision {
  readonly ts: number;
  readonly decidedTs: number;
}

export interface LabelRequest extends GradingInput {
  readonly venue: string;
  readonly symbol: string;
  readonly labelSpec: string;
  readonly horizonUs: number;
  readonly latenessUs: number;
  /** Oldest first by `decidedTs`. */
  readonly decisions: readonly LabelDecision[];
  /** For a revision: what was known by then counts, and the label is known since then. */
  readonly asOfUs?: number;
}

/** Labels of the decisions that have matured, in their order. */
export function labelDecisions(request: LabelRequest): LabelRow[] {
  const { decisions, horizonUs, latenessUs } = request;
  const shownBy = shownAtOrBehind(request.arrivals);
  const rows: LabelRow[] = [];
  let entryAt = 0;
  let exitAt = -1;
  for (const decision of decisions) {
    const endTs = decision.decidedTs + horizonUs;
    const shown = request.asOfUs === undefined ? shownBy(endTs + latenessUs) : null;
    const labelKnownAt = request.asOfUs ?? shown?.knownAt ?? null;
    if (labelKnownAt === null) break;
    const { prices } = request;
    while (entryAt < prices.length && at(prices, entryAt).ts <= decision.decidedTs) entryAt += 1;
    exitAt = Math.max(exitAt, entryAt - 1);
    while (exitAt + 1 < prices.length && at(prices, exitAt + 1).ts <= endTs) exitAt += 1;
    const entry = firstKnown(prices, entryAt, exitAt, labelKnownAt);
    const exit = lastKnown(prices, entryAt, exitAt, labelKnownAt);
    const row = labelRow(request, decision, endTs, labelKnownAt, entry, exit);
    const importedAt = shown?.importedAt ?? null;
    rows.push(importedAt === null ? row : { ...row, imported_at: importedAt });
  }
  return rows;
}

function labelRow(
  request: LabelRequest,
  { ts, decidedTs }: LabelDecision,
  endTs: number,
  labelKnownAt: number,
  entry: number,
  exit: number,
): LabelRow {
  const { venue, symbol, labelSpec, prices, gaps } = request;
  const head = { ts, decided_ts: decidedTs, label_known_at: labelKnownAt, venue, symbol };
  const fixed = { ...head, label_spec: labelSpec, revision: 0, flags: '' };
  const known = gaps.filter(({ knownAt }) => knownAt <= labelKnownAt);
  const reason = voidReason(request, decidedTs, endTs, entry, exit, known);
  if (reason !== null) {
    const none = { entry_ts: null, entry_price: null, exit_ts: null, exit_price: null };
    return {
      ...fixed,
      ...none,
      forward_return: null,
      up: null,
      state: 'void',
      void_reason: reason,
    };
  }
  const [first, last] = [at(prices, entry), at(prices, exit)];
  return {
    ...fixed,
    entry_ts: first.ts,
    entry_price: first.price,
    exit_ts: last.ts,
    exit_price: last.price,
    forward_return: last.price / first.price - 1,
    up: last.price > first.price ? 1 : 0,
    state: 'matured',
    void_reason: null,
  };
}

function voidReason(
  { prices, horizonUs }: LabelRequest,
  decidedTs: number,
  endTs: number,
  entry: number,
  exit: number,
  gaps: readonly LabelGap[],
): VoidReason | null {
  const toleranceUs = horizonUs * TOLERANCE_SHARE;
  if (entry < 0 || at(prices, entry).ts > decidedTs + toleranceUs) return 'no_entry';
  if (exit < 0 || at(prices, exit).ts < endTs - toleranceUs) return 'no_exit';
  if (entry === exit) return 'same_tick';
  const exitTs = at(prices, exit).ts;
  return gaps.some(({ fromTs, toTs }) => fromTs < exitTs && toTs > decidedTs) ? 'gap' : null;
}

const at = (prices: readonly LabelPrice[], i: number): LabelPrice => prices[i] as LabelPrice;

function firstKnown(prices: readonly LabelPrice[], from: number, to: number, by: number): number {
  for (let i = from; i <= to; i++) if (at(prices, i).knownAt <= by) return i;
  return -1;
}

function lastKnown(prices: readonly LabelPrice[], from: number, to: number, by: number): number {
  for (let i = to; i >= from; i--) if (at(prices, i).knownAt <= by) return i;
  return -1;
}
