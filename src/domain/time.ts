/**
 * Time in this project is an integer of microseconds since 1970 UTC, well inside 2^53.
 * Parsing and printing keep all six digits, which `Date` alone would lose.
 */
export const US_PER_MS = 1_000;
export const US_PER_S = 1_000_000;
export const US_PER_MIN = 60 * US_PER_S;
export const US_PER_HOUR = 60 * US_PER_MIN;
export const US_PER_DAY = 24 * US_PER_HOUR;

/** The year 9999: as late as a timestamp in SQL can be told. */
export const LATEST_US = 253_370_764_800_000_000;

/** `2014-05-01T00:00:00.292000Z`: RFC 3339 in UTC with microseconds. */
export function formatUs(us: number): string {
  const ms = Math.floor(us / US_PER_MS);
  const rest = String(us - ms * US_PER_MS).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

/**
 * Microseconds from RFC 3339 (`2014-05-01T00:00:00.292Z`), from a bare UTC date (`2014-05-01`) or
 * from QuestDB's and PostgreSQL's text (`2014-05-01 00:00:00.292`, UTC). Throws on anything else.
 */
export function parseUs(text: string): number {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(
      text,
    );
  if (match === null) throw new RangeError(`"${text}" is not a UTC date or RFC 3339 time`);
  const [, date, time = '00:00:00', fraction = '', zone = 'Z'] = match;
  const offset = zone.length === 3 ? `${zone}:00` : zone;
  const seconds = Date.parse(`${date}T${time}${offset}`) / 1000;
  if (!Number.isFinite(seconds)) throw new RangeError(`"${text}" is not a valid time`);
  return seconds * US_PER_S + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

const UNITS = { ms: US_PER_MS, s: US_PER_S, m: US_PER_MIN, h: US_PER_HOUR, d: US_PER_DAY };

/** `1h` -> 3 600 000 000. Units: ms, s, m, h, d. Throws on anything else. */
export function parseDurationUs(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new RangeError(`"${text}" is not a duration such as 30s, 5m, 1h or 7d`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** The largest multiple of `stepUs` that is not after `us`. */
export const floorTo = (us: number, stepUs: number): number => Math.floor(us / stepUs) * stepUs;
