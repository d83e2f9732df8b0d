/**
 * signals and prices -> what each signal was worth, traded or not, at tick precision
 *
 *   decided_ts      entry                 first touch                       decided_ts + horizon
 *   ----|-----------|---------------------|---------------------------------|---------> event time
 *       first price strictly behind       stop, target, or expiry at the last price of all
 *
 * The same prices and clocks as the labels: trades where an instrument has them, else mids, without
 * costs; so a signal is judged apart from how it was executed. The tick that enters never leaves.
 * It exits at the price of the tick that touches, which on a gap is worse than the stop.
 */
import type { SignalOutcome } from '../../src/domain/records/label.ts';
import type { Row, Side } from '../../src/domain/records/fields.ts';
import {
  knownAtOrBehind,
  TOLERANCE_SHARE,
  type GradingInput,
  type LabelPrice,
  type VoidReason,
} from './grading.ts';

type Outcome = Row<typeof SignalOutcome>;

export interface GradedSignal {
  readonly signalId: string;
  readonly decidedTs: number;
  readonly direction: Side;
  /** Levels in units of price, on their sides of the entry. */
  readonly stopLoss: number;
  readonly takeProfit: number;
}

export interface GradesRequest extends GradingInput {
  readonly horizonUs: number;
  readonly latenessUs: number;
  /** Oldest first by `decidedTs`. */
  readonly signals: readonly GradedSignal[];
  /** For a revision: what was known by then counts, and the grade is known since then. */
  readonly asOfUs?: number;
}

export interface Touched {
  readonly entryTs: number;
  readonly entryPrice: number;
  readonly exitTs: number;
  readonly exitPrice: number;
  /** The tick that decided. */
  readonly exitTickId: string | null;
  readonly touched: NonNullable<Outcome['touched']>;
  /** From entry to exit, in microseconds. */
  readonly heldUs: number;
  /** Exit over entry - 1, whatever the direction. */
  readonly forwardReturn: number;
  readonly result: NonNullable<Outcome['result']>;
  /** The furthest that the price went for and against the signal, as fractions of the entry. */
  readonly bestExcursion: number;
  readonly worstExcursion: number;
}

export interface Grade {
  readonly signalId: string;
  readonly labelKnownAt: number;
  readonly outcome: Touched | VoidReason;
}

/** Grades of the signals that have matured, in their order. */
export function gradeSignals(request: GradesRequest): Grade[] {
  const { signals, prices, horizonUs, latenessUs } = request;
  const known = knownAtOrBehind(request.arrivals);
  const grades: Grade[] = [];
  let from = 0;
  for (const signal of signals) {
    const labelKnownAt = request.asOfUs ?? known(signal.decidedTs + horizonUs + latenessUs);
    if (labelKnownAt === null) break;
    while (from < prices.length && (prices[from]?.ts ?? 0) <= signal.decidedTs) from += 1;
    const outcome = findOutcome(request, signal, from, labelKnownAt);
    grades.push({ signalId: signal.signalId, labelKnownAt, outcome });
  }
  return grades;
}

function findOutcome(
  { prices, horizonUs, gaps }: GradesRequest,
  signal: GradedSignal,
  from: number,
  knownBy: number,
): Touched | VoidReason {
  const { decidedTs } = signal;
  const [endTs, toleranceUs] = [decidedTs + horizonUs, horizonUs * TOLERANCE_SHARE];
  const walk = new Walk(signal);
  for (let i = from; i < prices.length && !walk.isOver; i++) {
    const price = prices[i] as LabelPrice;
    if (price.ts > endTs) break;
    if (price.knownAt <= knownBy) walk.take(price);
  }
  const { entry, exit } = walk;
  if (entry === null || entry.ts > decidedTs + toleranceUs) return 'no_entry';
  // What was touched needs no price at the end of the horizon.
  if (!walk.isOver && (exit ?? entry).ts < endTs - toleranceUs) return 'no_exit';
  if (exit === null) return 'same_tick';
  const isGap = gaps.some(
    ({ fromTs, toTs, knownAt }) => knownAt <= knownBy && fromTs < exit.ts && toTs > decidedTs,
  );
  return isGap ? 'gap' : walk.touchedBy(entry, exit);
}

/** Goes from price to price until one of the levels is reached. */
class Walk {
  entry: LabelPrice | null = null;
  exit: LabelPrice | null = null;
  private touched: Touched['touched'] = 'expiry';
  private best = 0;
  private worst = 0;
  private readonly signal: GradedSignal;

  constructor(signal: GradedSignal) {
    this.signal = signal;
  }

  get isOver(): boolean {
    return this.touched !== 'expiry';
  }

  take(price: LabelPrice): void {
    if (this.entry === null) {
      this.entry = price;
      return;
    }
    const { stopLoss, takeProfit } = this.signal;
    this.exit = price;
    const gain = this.gain(this.entry, price);
    this.best = Math.max(this.best, gain);
    this.worst = Math.min(this.worst, gain);
    if (this.sign * (price.price - stopLoss) <= 0) this.touched = 'stop';
    else if (this.sign * (price.price - takeProfit) >= 0) this.touched = 'target';
  }

  touchedBy(entry: LabelPrice, exit: LabelPrice): Touched {
    const gain = this.gain(entry, exit);
    return {
      entryTs: entry.ts,
      entryPrice: entry.price,
      exitTs: exit.ts,
      exitPrice: exit.price,
      exitTickId: exit.id ?? null,
      touched: this.touched,
      heldUs: exit.ts - entry.ts,
      forwardReturn: exit.price / entry.price - 1,
      result: gain > 0 ? 'win' : gain < 0 ? 'loss' : 'breakeven',
      bestExcursion: this.best,
      worstExcursion: this.worst,
    };
  }

  private get sign(): 1 | -1 {
    return this.signal.direction === 'buy' ? 1 : -1;
  }

  private gain(entry: LabelPrice, price: LabelPrice): number {
    // Adding 0 makes one zero of both.
    return this.sign * (price.price / entry.price - 1) + 0;
  }
}
