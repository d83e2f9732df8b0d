/** Values of the API -> text for people. All times are UTC. */
import { parseUs } from '../domain/time.ts';

/** `2014-05-01T00:00:00.292000Z` -> `2014-05-01 00:00:00`. */
export const dateTime = (time: string | null): string =>
  time === null ? '–' : time.slice(0, 19).replace('T', ' ');

/** Seconds since 1970, as the chart counts. */
export const seconds = (time: string): number => Math.floor(parseUs(time) / 1_000_000);

export const percent = (share: number | null, digits = 1): string =>
  share === null ? '–' : `${(share * 100).toFixed(digits)} %`;

export const fixed = (value: number | null, digits: number): string =>
  value === null ? '–' : value.toFixed(digits);

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
export const count = (value: number): string => WHOLE.format(value);

/** A decimal text cut to at most `digits` behind the point, with its sign where requested. */
export function money(value: string | null, digits = 2, signed = false): string {
  if (value === null) return '–';
  const number = Number(value);
  // Small sums of money keep the digits that make them different from nothing.
  const shown = Math.abs(number) > 0 && Math.abs(number) < 0.01 ? Math.max(digits, 6) : digits;
  const sign = signed && number > 0 ? '+' : '';
  return sign + number.toFixed(shown).replace('-', '−');
}

/** A number of any size in four significant digits. */
export const short = (value: number): string =>
  Math.abs(value) >= 1000 ? count(value) : String(Number(value.toPrecision(4)));

/** Digits behind the point that show a price in steps of about a hundredth of a per mille. */
export const priceDigits = (price: number): number =>
  Math.min(8, Math.max(2, 5 - Math.floor(Math.log10(Math.max(price, 1e-8)))));

/** `minimum_rows` -> `minimum rows`. */
export const words = (name: string): string => name.replaceAll('_', ' ');

export const tone = (value: string): string =>
  Number(value) > 0 ? 'good-text' : Number(value) < 0 ? 'bad-text' : '';
