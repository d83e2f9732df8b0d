/**
 * closed trades of an account, in the order of their closes -> how they did
 *
 * Money is summed exactly; ratios are doubles. In constant memory, so that years cost no more than
 * a day. Definitions as in empyrical, against which they are tested:
 *
 * - Win rate: trades that earned something, of all. Its 95 % interval is Wilson's (1927), as if no
 *   trade depended on another.
 * - Profit factor: what winners won by what losers lost; null where nothing was lost.
 * - Maximum drawdown: the deepest fall of equity below its highest value so far, as a share of
 *   that; 0 or below. Equity is looked at after each close.
 * - Sharpe ratio (Sharpe 1994): the mean of daily returns of equity by their standard deviation
 *   (n - 1), times the root of 365, without a risk-free rate. Every UTC day counts from that of the
 *   first close to that of the last, one without a close as no return.
 */
import { Exact } from '../domain/exact.ts';
import { floorTo, US_PER_DAY } from '../domain/time.ts';

/** In the account's currency. */
export interface ClosedTrade {
  readonly closedTs: number;
  /** Net of fees, a decimal text. */
  readonly pnl: string;
}

export interface Performance {
  readonly trades: number;
  readonly winners: number;
  readonly losers: number;
  /** Null without a trade, and the interval with it. */
  readonly win_rate: number | null;
  readonly win_rate_low: number | null;
  readonly win_rate_high: number | null;
  /** Decimal texts. */
  readonly gross_profit: string;
  readonly gross_loss: string;
  readonly net_pnl: string;
  readonly profit_factor: number | null;
  /** Null where equity was never above zero. */
  readonly max_drawdown: number | null;
  /** UTC days from the first close to the last. */
  readonly days: number;
  /** Null where days are fewer than two or all alike, or equity fell to nothing. */
  readonly sharpe: number | null;
  readonly first_ts: number | null;
  readonly last_ts: number | null;
}

const DAYS_A_YEAR = 365;
/** Of a standard normal, both sides: 95 %. */
const Z_95 = 1.959963984540054;

/** Counts closed trades; `performance` at any time. */
export class PerformanceTally {
  private equity: Exact;
  private highest: number;
  private fall = 0;
  private trades = 0;
  private winners = 0;
  private losers = 0;
  private profit = new Exact(0);
  private loss = new Exact(0);
  private firstTs: number | null = null;
  private lastTs: number | null = null;
  private readonly daily = new DailyReturns();

  /** `opening`: equity in front of the first trade, a decimal text. */
  constructor(opening: string) {
    this.equity = new Exact(opening);
    this.highest = this.equity.toNumber();
  }

  /** No earlier than the one before it. */
  add({ closedTs, pnl }: ClosedTrade): void {
    this.daily.reach(floorTo(closedTs, US_PER_DAY), this.equity.toNumber());
    const earned = new Exact(pnl);
    this.equity = this.equity.plus(earned);
    this.trades += 1;
    if (earned.gt(0)) {
      this.winners += 1;
      this.profit = this.profit.plus(earned);
    } else if (earned.lt(0)) {
      this.losers += 1;
      this.loss = this.loss.plus(earned);
    }
    const equity = this.equity.toNumber();
    this.highest = Math.max(this.highest, equity);
    if (this.highest > 0) this.fall = Math.min(this.fall, equity / this.highest - 1);
    this.firstTs ??= closedTs;
    this.lastTs = closedTs;
  }

  performance(): Performance {
    const { trades, winners, losers, profit, loss } = this;
    const [low, high] = wilson(winners, trades);
    return {
      trades,
      winners,
      losers,
      win_rate: trades === 0 ? null : winners / trades,
      win_rate_low: low,
      win_rate_high: high,
      gross_profit: profit.toFixed(),
      gross_loss: loss.toFixed(),
      net_pnl: profit.plus(loss).toFixed(),
      profit_factor: loss.isZero() ? null : profit.div(loss.neg()).toNumber(),
      max_drawdown: this.highest > 0 ? this.fall : null,
      ...this.daily.summary(this.equity.toNumber()),
      first_ts: this.firstTs,
      last_ts: this.lastTs,
    };
  }
}

/** A share's 95 % interval (Wilson 1927, without continuity correction); nulls of no trial. */
export function wilson(hits: number, trials: number): [number, number] | [null, null] {
  if (trials === 0) return [null, null];
  const share = hits / trials;
  const squared = (Z_95 * Z_95) / trials;
  const middle = share + squared / 2;
  const reach = Z_95 * Math.sqrt((share * (1 - share)) / trials + squared / (4 * trials));
  return [(middle - reach) / (1 + squared), (middle + reach) / (1 + squared)];
}

/** Equity at the ends of days -> returns, counted as they come (Welford 1962). */
class DailyReturns {
  private day: number | null = null;
  /** At the end of the day before. */
  private before = 0;
  private days = 0;
  private mean = 0;
  private squares = 0;
  private isRuined = false;

  /** `equity`: in front of the first change of `day`. */
  reach(day: number, equity: number): void {
    if (this.day === null) {
      this.day = day;
      this.before = equity;
    }
    for (; this.day < day; this.day += US_PER_DAY) this.close(equity);
  }

  summary(equity: number): Pick<Performance, 'days' | 'sharpe'> {
    if (this.day === null) return { days: 0, sharpe: null };
    const whole = Object.assign(new DailyReturns(), this);
    whole.close(equity);
    const { days, mean, squares, isRuined } = whole;
    const deviation = days < 2 ? 0 : Math.sqrt(squares / (days - 1));
    const isKnown = deviation > 0 && !isRuined;
    return { days, sharpe: isKnown ? (mean / deviation) * Math.sqrt(DAYS_A_YEAR) : null };
  }

  private close(equity: number): void {
    this.isRuined ||= this.before <= 0 || equity <= 0;
    const change = this.isRuined ? 0 : equity / this.before - 1;
    this.before = equity;
    this.days += 1;
    const off = change - this.mean;
    this.mean += off / this.days;
    this.squares += off * (change - this.mean);
  }
}
