/** The flag `--days` -> a number of days. */
import { CommandError } from './context.ts';

/** What is no whole number of days, at least 1, is wrong usage. */
export function daysOption(days: string): number {
  if (/^[1-9]\d{0,4}$/.test(days)) return Number(days);
  throw new CommandError(`--days ${days} is not a whole number of days, at least 1`, 2);
}
