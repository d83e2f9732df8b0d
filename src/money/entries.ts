/**
 * A fill -> its lines in the ledger, in double entry: of each currency the lines sum to zero
 *
 * Debits are positive. What is bought and what is paid meet in the `trading` account of their
 * currency. Cash is in the account's own currency, at the fill's rate.
 */
import { Exact } from '../domain/exact.ts';
import type { Fill } from '../domain/wire.ts';

export interface LedgerEntry {
  readonly ledger_account: 'cash' | 'position' | 'trading' | 'fees' | 'capital';
  readonly currency: string;
  readonly amount: string;
  readonly description: string;
}

/** The lines of one fill; a line of nothing is left out. */
export function fillEntries(
  fill: Pick<Fill, 'side' | 'size' | 'price' | 'fee' | 'fx_rate' | 'symbol'>,
  base: string,
  accountCurrency: string,
): LedgerEntry[] {
  const size = new Exact(fill.size).times(fill.side === 'buy' ? 1 : -1);
  const value = size.times(fill.price).times(fill.fx_rate);
  const fee = new Exact(fill.fee).times(fill.fx_rate);
  const what = `${fill.side} ${fill.size} ${fill.symbol} at ${fill.price}`;
  const line = (
    ledger_account: LedgerEntry['ledger_account'],
    currency: string,
    amount: Exact,
    description = what,
  ): LedgerEntry => ({ ledger_account, currency, amount: amount.toFixed(), description });
  return [
    line('position', base, size),
    line('trading', base, size.neg()),
    line('cash', accountCurrency, value.neg()),
    line('trading', accountCurrency, value),
    line('cash', accountCurrency, fee.neg(), `fee: ${what}`),
    line('fees', accountCurrency, fee, `fee: ${what}`),
  ].filter(({ amount }) => !new Exact(amount).isZero());
}

export interface ClosedProfit {
  readonly fees: string;
  readonly gross: string;
  readonly net: string;
}

/** Profit of a round trip of equal size, exact, in the quote currency. */
export function roundTripProfit(
  entry: Pick<Fill, 'side' | 'size' | 'price' | 'fee'>,
  exit: Pick<Fill, 'price' | 'fee'>,
): ClosedProfit {
  const direction = entry.side === 'buy' ? 1 : -1;
  const gross = new Exact(exit.price).minus(entry.price).times(entry.size).times(direction);
  const fees = new Exact(entry.fee).plus(exit.fee);
  return { fees: fees.toFixed(), gross: gross.toFixed(), net: gross.minus(fees).toFixed() };
}
