/** Whether a time can be one of a market: else what it looks like. For the importer alone. */
import { formatUs, US_PER_DAY } from '../domain/time.ts';

/** 3 March 1973: no recording is older, and a time in another unit lies before it. */
const EARLIEST_US = 100_000_000_000_000;

/** By the size of the number alone: each holds the years from 1973 to beyond 2100. */
const UNITS: readonly (readonly [unit: string, from: number, use: string])[] = [
  ['seconds', 1e8, 'name the column ts_s (CSV), or multiply by 1000000'],
  ['milliseconds', 1e11, 'name the column ts_ms (CSV), or multiply by 1000'],
  ['microseconds', 1e14, 'name the column ts (CSV)'],
  ['nanoseconds', 1e17, 'divide by 1000'],
];

/** Null where it can; `found` is the time as the file has it. */
export function timeProblem(us: number, found: string, nowUs: number): string | null {
  if (us >= EARLIEST_US && us <= nowUs + US_PER_DAY) return null;
  const number = /^\d+(\.\d+)?$/.test(found) ? Number(found) : NaN;
  const unit = UNITS.findLast(([, from]) => number >= from && number < from * 1000);
  const isOther = unit !== undefined && !isIn(unit[0], number, us);
  const hint = isOther ? `; it looks like ${unit[0]}: ${unit[2]}` : '';
  if (us < EARLIEST_US) return `lies before 1973${hint}`;
  if (isOther) return `lies in the far future${hint}`;
  const days = Math.round((us - nowUs) / US_PER_DAY);
  return `lies ${days} days ahead of the present (${formatUs(nowUs).slice(0, 10)})`;
}

const PER_UNIT: Readonly<Record<string, number>> = {
  seconds: 1_000_000,
  milliseconds: 1_000,
  microseconds: 1,
  nanoseconds: 1 / 1_000,
};

/** Whether the number was read in this unit: then the unit is not what is wrong. */
const isIn = (unit: string, number: number, us: number): boolean =>
  Math.abs(number * (PER_UNIT[unit] ?? 0) - us) <= 1;
