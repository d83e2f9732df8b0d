/**
 * Exact amounts: how prices and sizes become decimal text, and what an instrument's smallest order
 * is. All arithmetic on money is decimal; a double enters only as its shortest decimal form.
 */
import { Exact } from '../domain/exact.ts';

/** Smallest order by base currency, in units of it, where the market has a customary one. */
const CUSTOMARY_SIZE: Readonly<Record<string, string>> = {
  EUR: '1000',
  GBP: '1000',
  AUD: '1000',
  NZD: '1000',
  USD: '1000',
  BTC: '0.001',
  ETH: '0.01',
};

/** Stablecoins count as the dollar: the only conversion that needs no rate of its own. */
const DOLLARS = new Set(['USD', 'USDT', 'USDC', 'FDUSD']);

/** `EUR/USD` -> base and quote; a symbol without a slash is priced in the account's currency. */
export function parsePair(symbol: string): { base: string; quote: string | null } {
  const [base = symbol, quote] = symbol.split(':')[0]?.split('/') ?? [];
  return { base, quote: quote ?? null };
}

/** Units of the account's currency for one of the quote currency, or null when we know none. */
export function fxRate(quote: string | null, accountCurrency: string): string | null {
  if (quote === null || quote === accountCurrency) return '1';
  return DOLLARS.has(quote) && DOLLARS.has(accountCurrency) ? '1' : null;
}

/** Decimals of a price of this size: six significant digits, and at least two decimals. */
export const priceDecimals = (price: number): number =>
  Math.max(2, 5 - Math.floor(Math.log10(price)));

/** A price as decimal text, rounded against whoever trades at it where that matters. */
export function priceText(
  price: number | string | Exact,
  decimals: number,
  rounding: 'near' | 'up' | 'down' = 'near',
): string {
  const mode = { near: Exact.ROUND_HALF_EVEN, up: Exact.ROUND_UP, down: Exact.ROUND_DOWN };
  return new Exact(price).toDecimalPlaces(decimals, mode[rounding]).toFixed();
}

/**
 * The smallest order: customary for the base currency, else the power of ten whose value at
 * `price` lies between 100 and 1000 of the quote currency.
 */
export function smallestSize(symbol: string, price: number): string {
  const customary = CUSTOMARY_SIZE[parsePair(symbol).base];
  return customary ?? new Exact(10).pow(Math.ceil(2 - Math.log10(price))).toFixed();
}

/** Decimals of an account's amount for people; two where nothing else is customary. */
const AMOUNT_DECIMALS: Readonly<Record<string, number>> = { BTC: 8, ETH: 8, JPY: 0 };

/** An amount for people, rounded half away from zero as PostgreSQL's `round` does; - of none. */
export const amountText = (amount: string | null | undefined, currency: string): string =>
  amount === null || amount === undefined
    ? '-'
    : new Exact(amount).toFixed(AMOUNT_DECIMALS[currency] ?? 2);
