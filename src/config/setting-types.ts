/** What the text of a setting may be, and the value that it becomes. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseLabelSpec } from '../domain/label-spec.ts';
import { US_PER_DAY, US_PER_MS, US_PER_S, parseDurationUs } from '../domain/time.ts';
import { parseInstrumentKey } from '../domain/wire.ts';

/**
 * How a setting's text becomes a value; `parse` throws a `RangeError` that says what it expects.
 * `format` gives a text of the same value; by default as `String` does, lists with commas between.
 */
export interface SettingType<T> {
  readonly name: string;
  readonly parse: (text: string) => T;
  readonly format?: (value: T) => string;
}

function expected(what: string): never {
  throw new RangeError(`expected ${what}`);
}

export function integer(min: number, max: number): SettingType<number> {
  const parse = (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : expected(`an integer from ${min} to ${max}`);
  };
  return { name: `integer ${min} to ${max}`, parse };
}

export function milliseconds(max: number): SettingType<number> {
  const { parse } = integer(0, max);
  return {
    name: `milliseconds, at most ${max}`,
    parse: (text) => parse(text) * US_PER_MS,
    format: (us) => String(us / US_PER_MS),
  };
}

export const share: SettingType<number> = {
  name: 'share',
  parse: (text) => {
    const value = /^[01](\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    return value > 0 && value <= 1
      ? value
      : expected('a share above 0 and at most 1, such as 0.55');
  },
};

export function matching(name: string, pattern: RegExp, what: string): SettingType<string> {
  return { name, parse: (text) => (pattern.test(text) ? text : expected(what)) };
}

export function oneOf<const T extends string>(choices: readonly T[]): SettingType<T> {
  const what = `one of ${choices.join(', ')}`;
  return {
    name: choices.join(' | '),
    parse: (text) => choices.find((choice) => choice === text) ?? expected(what),
  };
}

/** Some of `choices`, the first of which always; in their order, each once. */
export function someWithFirst<const T extends string>(
  choices: readonly [T, ...T[]],
): SettingType<readonly T[]> {
  const [first] = choices;
  const what = `${first}, or ${first} and others of ${choices.join(', ')} with commas between`;
  const parse = (text: string): readonly T[] => {
    const words: readonly string[] = text.split(',').map((word) => word.trim());
    const known = choices.filter((choice) => words.includes(choice));
    const valid = known.includes(first) && words.every((word) => known.some((k) => k === word));
    return valid ? Object.freeze(known) : expected(what);
  };
  return { name: choices.join(','), parse };
}

export function url(...protocols: string[]): SettingType<string> {
  const what = protocols.map((protocol) => `${protocol}://host:port`).join(' or ');
  const parse = (text: string): string => {
    const parsed = URL.canParse(text) ? new URL(text) : expected(what);
    const known = protocols.includes(parsed.protocol.slice(0, -1));
    return known && parsed.hostname !== '' ? text.replace(/\/$/, '') : expected(what);
  };
  return { name: 'URL', parse };
}

const MAX_DURATION_US = 366 * US_PER_DAY;
export const duration: SettingType<string> = {
  name: 'duration',
  parse: (text) => {
    const us = parseDurationUs(text);
    return us >= US_PER_S && us <= MAX_DURATION_US ? text : expected('between 1s and 366d');
  },
};

export const brokers: SettingType<readonly string[]> = {
  name: 'host:port,…',
  parse: (text) => {
    const list = text.split(',').map((broker) => broker.trim());
    const valid = list.every((broker) => {
      const port = Number(/^(?:[\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})$/.exec(broker)?.[1]);
      return port >= 1 && port <= 65_535;
    });
    return valid ? Object.freeze(list) : expected('host:port, or several with commas between');
  },
};

export const labelSpecs: SettingType<readonly string[]> = {
  name: 'spec,…',
  parse: (text) => {
    const list = text.split(',').map((spec) => spec.trim());
    for (const spec of list) parseLabelSpec(spec);
    return Object.freeze([...new Set(list)]);
  },
};

export const instruments: SettingType<readonly string[]> = {
  name: 'venue:symbol,…',
  parse: (text) => {
    const isKey = (key: string): boolean => parseInstrumentKey(key) !== null;
    const parts = text.split(',').map((key) => key.trim());
    // A symbol may hold commas: a list whose parts are none is one name.
    const list = parts.every(isKey) ? parts : [text.trim()];
    return list.every(isKey)
      ? Object.freeze([...new Set(list)])
      : expected('venue:symbol, or several with commas between');
  },
};

export const directory: SettingType<string> = { name: 'directory', parse: (text) => resolve(text) };
export const file: SettingType<string> = { name: 'file', parse: (text) => resolve(text) };
export const logLevels = oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);
export const topicPrefix = matching(
  'text',
  /^[\w.-]{0,64}$/,
  'at most 64 letters, digits, ., _ or -',
);
export const host = matching('host', /^[\w.:-]+$/, 'a host name or address');
const secret = matching('secret', /^\S{32,}$/, 'at least 32 characters without white space');
/** Several with commas between; as it is given. */
export const secrets: SettingType<string> = {
  name: 'secret',
  parse: (given) => {
    for (const each of given.split(',')) secret.parse(each);
    return given;
  },
};
export const text = matching('text', /^[^\p{Cc}]+$/u, 'a text without control characters');
export const password = matching('secret', /^[^\p{Cc}]+$/u, 'a text without control characters');
/** A file that holds them now: a name mistyped would else show up as a server that is away. */
export const certificates: SettingType<string> = {
  name: 'file',
  parse: (name) => {
    const path = resolve(name);
    const pem = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return pem.includes('-----BEGIN CERTIFICATE-----')
      ? path
      : expected('a file with at least one certificate in PEM');
  },
};
