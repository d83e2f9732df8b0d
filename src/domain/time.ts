/**
 * Time in this project is an integer of microseconds since 1970 UTC, well inside 2^53.
 * Parsing and printing keep all six digits, which `Date` alone would lose.
 */
export const US_PER_MS = 1_000;
export const US_PER_S = 1_000_000;
export const US_PER_MIN = 60 * US_PER_S;
export const US_PER_HOUR = 60 * US_PER_MIN;
export const US_PER_DAY = 24 * US_PER_HOUR;

/** The year 9999: as late as SQL can write a timestamp. */
export const LATEST_US = 253_370_764_800_000_000;

/** `2014-05-01T00:00:00.292000Z`: RFC 3339 in UTC with microseconds. */
export function formatUs(us: number): string {
  const ms = Math.floor(us / US_PER_MS);
  const rest = String(us - ms * US_PER_MS).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * Microseconds from RFC 3339 (`2014-05-01T00:00:00.292Z`), from a bare UTC date (`2014-05-01`) or
 * from QuestDB's and PostgreSQL's text (`2014-05-01 00:00:00.292`, UTC). Throws on anything else,
 * also on a day or hour that there is not: `Date` would take 30 February for 2 March.
 */
export function parseUs(text: string): number {
  const match = TIME.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a UTC date or RFC 3339 time`);
  const number = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day] = [number(1), number(2), number(3)];
  const [hour, minute, second] = [number(4), number(5), number(6)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
    throw new RangeError(`"${text}": there is no such day`);
  }
  const offset = offsetMinutes(match[8] ?? 'Z');
  if (hour > 23 || minute > 59 || second > 59 || offset === null) {
    throw new RangeError(`"${text}": there is no such time of day`);
  }
  const date = new Date(0);
  // Date.UTC would take the years up to 99 for 1900 and later.
  date.setUTCFullYear(year, month - 1, day);
  const seconds = date.getTime() / 1000 + hour * 3600 + (minute - offset) * 60 + second;
  return seconds * US_PER_S + Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Null for more than a day has. */
function offsetMinutes(zone: string): number | null {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', ''))];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (60 * hours + minutes);
}

const UNITS = { ms: US_PER_MS, s: US_PER_S, m: US_PER_MIN, h: US_PER_HOUR, d: US_PER_DAY };

/** `1h` -> 3 600 000 000. Units: ms, s, m, h, d. Throws on anything else. */
export function parseDurationUs(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a duration such as 30s, 5m, 1h or 7d`);
  const us = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (!Number.isSafeInteger(us)) throw new RangeError(`"${text}" is too long a duration`);
  return us;
}

/** The largest multiple of `stepUs` that is not after `us`. */
export const floorTo = (us: number, stepUs: number): number => Math.floor(us / stepUs) * stepUs;
