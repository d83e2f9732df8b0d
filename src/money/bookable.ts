/**
 * A fill and what is known of its ids -> null, or the rule by which it cannot be booked right today
 *
 * A trade is one entry and one exit of the same size, in the currencies that one rate converts.
 * Whatever is more than that (parts of an order, scaling, reversals, corrections, fees in a third
 * currency) would be booked wrong, so it is refused until money has learned it.
 */
import type { Side } from '../domain/records/fields.ts';
import { Exact } from '../domain/exact.ts';
import type { Fill } from '../domain/wire.ts';
import { parsePair, fxRate } from './amounts.ts';

/** A trade under the fill's id, with the fill that opened it. */
export interface KnownTrade {
  readonly account: string;
  readonly venue: string;
  readonly symbol: string;
  readonly state: 'open' | 'closed';
  readonly side: Side;
  readonly mode: string;
  readonly size: string;
  readonly fx_rate: string;
  /** Of the entry, in microseconds. */
  readonly ts: number;
}

export interface Known {
  /** In which the fill's account is kept. */
  readonly currency: string;
  /** Whether lines in the ledger have the fill's (venue, fill_id), of whatever account. */
  readonly isInLedger: boolean;
  /** The account of the order that has the fill's order id. */
  readonly orderAccount: string | null;
  readonly trade: KnownTrade | null;
  /** The signal with the fill's signal id, where it has come. */
  readonly signal: {
    readonly account: string;
    readonly venue: string;
    readonly symbol: string;
  } | null;
  /** Another trade that names the fill's signal. */
  readonly signalTrade: string | null;
}

/** Fields that later versions know, and that change what a fill means. */
const LATER_FIELDS = ['corrects', 'fees', 'position_side'] as const;

/** Null where it can be booked; else what is wrong and, where it is known, what to do. */
export function bookable(fill: Fill, known: Known): string | null {
  return (
    laterField(fill) ??
    currencies(fill, known.currency) ??
    foreignIds(fill, known) ??
    (fill.intent === 'entry' ? entry(fill, known) : exit(fill, known))
  );
}

function laterField(fill: Fill): string | null {
  const field = LATER_FIELDS.find((name) => Object.hasOwn(fill, name));
  return field === undefined ? null : `"${field}" of a fill cannot be booked yet`;
}

function currencies(fill: Fill, currency: string): string | null {
  const { base, quote } = parsePair(fill.symbol);
  if (base === '' || quote === '') return `${fill.symbol} names no base or no quote currency`;
  const isOne = new Exact(fill.fx_rate).eq(1);
  const priced = quote ?? currency;
  if (priced === currency && !isOne) {
    return `fx_rate is ${fill.fx_rate}, but ${currency} is the account's own currency: give 1`;
  }
  if (isOne && fxRate(quote, currency) === null) {
    return `fx_rate is 1, but ${priced} is not ${currency}: give the rate`;
  }
  if (new Exact(fill.fee).isZero() || fill.fee_currency === priced) return null;
  if (isOne && fill.fee_currency === currency) return null;
  return `the fee is in ${fill.fee_currency}: only ${priced} can be booked yet`;
}

function foreignIds(fill: Fill, known: Known): string | null {
  const { account, venue, symbol, fill_id, order_id, trade_id, signal_id } = fill;
  const { trade, signal, orderAccount, signalTrade } = known;
  if (trade !== null && trade.account !== account) {
    return `trade ${trade_id} is of account ${trade.account}`;
  }
  if (known.isInLedger) return `${venue}:${fill_id} is in the ledger as another fill's`;
  if (orderAccount !== null && orderAccount !== account) {
    return `order ${order_id} is of account ${orderAccount}`;
  }
  if (orderAccount !== null) return `order ${order_id} has a fill: no second one can be booked yet`;
  if (signal !== null && signal.account !== account) {
    return `signal ${signal_id} is of account ${signal.account}`;
  }
  if (signal !== null && (signal.venue !== venue || signal.symbol !== symbol)) {
    return `signal ${signal_id} is of ${signal.venue}:${signal.symbol}`;
  }
  return signalTrade === null ? null : `signal ${signal_id} has made trade ${signalTrade}`;
}

function entry({ trade_id }: Fill, { trade }: Known): string | null {
  return trade === null ? null : `trade ${trade_id} has its entry: no second one can be booked yet`;
}

function exit(fill: Fill, { trade }: Known): string | null {
  // Kept unbooked until its entry comes.
  if (trade === null) return null;
  const id = `trade ${fill.trade_id}`;
  if (trade.state === 'closed') return `${id} is closed`;
  if (trade.venue !== fill.venue || trade.symbol !== fill.symbol) {
    return `${id} is of ${trade.venue}:${trade.symbol}, the exit of ${fill.venue}:${fill.symbol}`;
  }
  if (trade.side === fill.side) return `${id} is a ${trade.side}, and so is its exit`;
  const size = new Exact(fill.size);
  if (size.lt(trade.size)) return `the exit of ${fill.size} closes only a part of ${trade.size}`;
  if (size.gt(trade.size)) return `the exit of ${fill.size} is larger than ${trade.size}`;
  if (fill.ts < trade.ts) return `the exit lies before the entry of ${id}`;
  if (fill.mode !== trade.mode) return `${id} is ${trade.mode}, its exit ${fill.mode}`;
  if (!new Exact(fill.fx_rate).eq(trade.fx_rate)) {
    return `fx_rate was ${trade.fx_rate} at the entry: another one cannot be booked yet`;
  }
  return null;
}
