/**
 * `--known-at ts|COLUMN` -> since when each tick of a recording claims to have been known
 *
 * `ts`: when it happened. A column of a CSV file: microseconds or RFC 3339, or milliseconds or
 * seconds where its name ends in `_ms` or `_s`. Nothing is known before it happened.
 */
import { formatUs, parseUs, US_PER_DAY, US_PER_MS, US_PER_S } from '../domain/time.ts';
import type { FileTick } from './format.ts';

/** The claim that every tick was known when it happened. */
export const KNOWN_AT_TS = 'ts';

/** Microseconds, or why the cell cannot be since when a tick of `ts` is known. */
export function parseKnownAt(
  column: string,
  cell: string,
  ts: number,
  nowUs: number,
): number | string {
  const us = timeIn(column, cell);
  if (us === null) {
    return `expected in ${column} whole microseconds or RFC 3339 (…_ms, …_s: those units)`;
  }
  if (us > nowUs) return `${column} says ${shown(us)}: it cannot be known since a time to come`;
  if (us < ts - US_PER_DAY) {
    return `${column} says ${shown(us)}, a day or more before it happened: is it in another unit?`;
  }
  return Math.max(us, ts);
}

const shown = (us: number): string => (us < 1e17 ? formatUs(us) : `${us} µs`);

function timeIn(column: string, cell: string): number | null {
  const unitUs = column.endsWith('_ms') ? US_PER_MS : column.endsWith('_s') ? US_PER_S : 1;
  const isNumber = unitUs === 1 ? /^\d{1,20}$/.test(cell) : /^\d{1,20}(\.\d{1,9})?$/.test(cell);
  if (isNumber) return Math.ceil(Number(cell) * unitUs);
  try {
    return unitUs === 1 ? parseUs(cell) : null;
  } catch {
    return null;
  }
}

/**
 * The ticks as a feed sends them: a record's time is whole milliseconds, so a claim is rounded up,
 * never to before it. With `ts` what the file says of when it was received does not count.
 */
export async function* asClaimed(
  source: AsyncIterable<FileTick>,
  knownAt: string,
): AsyncGenerator<FileTick> {
  for await (const { tick, receivedUs } of source) {
    const claimUs = Math.ceil(Math.max(receivedUs, tick.ts) / US_PER_MS) * US_PER_MS;
    yield { tick, receivedUs: knownAt === KNOWN_AT_TS ? tick.ts : claimUs };
  }
}
