/**
 * CSV with a header row. Columns by name: `ts` (microseconds, or RFC 3339) or `ts_ms` or `ts_s`,
 * then `price,size[,side]` for trades or `bid,ask[,bid_size,ask_size]` for quotes, and optionally
 * `id`, `venue`, `symbol`. With `--date`, a number counts from that day's midnight. What is blank
 * is not there: a size or price has to be, one side of a quote has not.
 */
import { nowUs } from '../clock.ts';
import { parseUs, US_PER_DAY, US_PER_MS, US_PER_S } from '../domain/time.ts';
import { splitCells } from './csv-cells.ts';
import { parseKnownAt } from './known-at.ts';
import { FeedFileError, type FeedFormat, type FormatOptions, type Parsed } from './format.ts';

const TIME_UNITS_US: Readonly<Record<string, number>> = { ts: 1, ts_ms: US_PER_MS, ts_s: US_PER_S };

interface Header {
  readonly names: readonly string[];
  readonly at: ReadonlyMap<string, number>;
  readonly kind: 'trade' | 'quote';
  readonly time: string;
  readonly unitUs: number;
}

/** Those of the wire, under its names; the others of a file are left alone. */
const FIELDS = {
  trade: ['price', 'size', 'side', 'id'],
  quote: ['bid', 'ask', 'bid_size', 'ask_size', 'id'],
} as const;
const NEEDED: ReadonlySet<string> = new Set(['price', 'size']);

export const csv: FeedFormat = async function* ({ name, lines }, options) {
  const midnightUs = options.date === undefined ? null : parseUs(options.date);
  let header: Header | null = null;
  for await (const { text, number: line } of lines) {
    const cells = splitCells(text);
    if (header === null) {
      header = checkedHeader(`${name}:${line}`, cells, options);
      continue;
    }
    if (typeof cells === 'string') yield { line, column: null, reason: cells, found: text };
    else yield parseRow(header, { line, text, cells }, options, midnightUs);
  }
  if (header === null) throw new FeedFileError(`${name}:1: expected a header, found nothing`);
};

function checkedHeader(place: string, cells: string[] | string, options: FormatOptions): Header {
  const refuse = (why: string): never => {
    const found = typeof cells === 'string' ? '' : `, found "${cells.join(',').slice(0, 120)}"`;
    throw new FeedFileError(`${place}: ${why}${found}; nothing of this file is fed`);
  };
  if (typeof cells === 'string') return refuse(cells);
  const names = cells.map((cell) => cell.toLowerCase());
  const has = (...wanted: string[]): boolean => wanted.every((name) => names.includes(name));
  const times = Object.keys(TIME_UNITS_US).filter((name) => has(name));
  const [time] = times;
  const [isTrade, isQuote] = [has('price', 'size'), has('bid', 'ask')];
  if (time === undefined || (!isTrade && !isQuote)) {
    return refuse('expected a header with ts, ts_ms or ts_s, and price,size or bid,ask');
  }
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) < i);
  if (twice !== undefined) return refuse(`the column ${twice} is there twice`);
  if (times.length > 1) return refuse(`expected one time, not ${times.join(' and ')}: rename one`);
  if (isTrade && isQuote) {
    return refuse(
      'expected trades (price,size) or quotes (bid,ask), not both: make two files of it',
    );
  }
  const { knownAt } = options;
  if (knownAt !== undefined && !has(knownAt)) return refuse(`no column ${knownAt} of --known-at`);
  for (const name of ['venue', 'symbol'] as const) {
    if (!has(name) && options[name] === '') return refuse(`no column ${name}: give --${name}`);
  }
  return {
    names,
    at: new Map(names.map((name, i) => [name, i])),
    kind: isTrade ? 'trade' : 'quote',
    time,
    unitUs: TIME_UNITS_US[time] ?? 1,
  };
}

interface Row {
  readonly line: number;
  readonly text: string;
  readonly cells: readonly string[];
}

function parseRow(
  { names, at, kind, time, unitUs }: Header,
  { line, text, cells }: Row,
  options: FormatOptions,
  midnightUs: number | null,
): Parsed {
  if (cells.length !== names.length) {
    const reason = `expected ${names.length} cells as in the header, found ${cells.length}`;
    return { line, column: null, reason, found: text };
  }
  const cell = (name: string): string => cells[at.get(name) ?? -1] ?? '';
  const found = cell(time);
  const ts = parseTime(time, found, unitUs, midnightUs);
  if (typeof ts === 'string') return { line, column: time, reason: ts, found };
  const entry: Record<string, unknown> = {
    kind,
    venue: cell('venue') || options.venue,
    symbol: cell('symbol') || options.symbol,
    ts,
  };
  for (const field of FIELDS[kind]) {
    const value = cell(field);
    if (value !== '') entry[field] = value;
    else if (NEEDED.has(field)) {
      return { line, column: field, reason: 'is blank, and blank is not 0', found: text };
    }
  }
  const { knownAt } = options;
  const claim = knownAt === undefined ? null : parseKnownAt(knownAt, cell(knownAt), ts, nowUs());
  if (typeof claim === 'string') {
    return { line, column: knownAt ?? null, reason: claim, found: cell(knownAt ?? '') };
  }
  return { line, kind, entry, receivedUs: claim, time: { column: time, found } };
}

/** Microseconds, or why it is no time. */
function parseTime(
  column: string,
  text: string,
  unitUs: number,
  midnightUs: number | null,
): number | string {
  const number = /^(\d{1,20})(?:\.(\d{1,20}))?$/.exec(text);
  if (number !== null && (unitUs > 1 || number[2] === undefined)) {
    const us = Number(number[1]) * unitUs + Math.round(Number(`0.${number[2] ?? 0}`) * unitUs);
    if (midnightUs === null) return us;
    return us < US_PER_DAY ? midnightUs + us : 'is more than a day behind midnight of --date';
  }
  if (text === '') return 'is blank';
  if (/^[\d.]+e[+-]?\d+$/i.test(text)) return 'was rounded, by a spreadsheet as it looks';
  if (column !== 'ts') return 'expected a number; a time as text belongs into the column ts';
  try {
    return parseUs(text);
  } catch (error) {
    const why = (error as Error).message.replace(`"${text}"`, '').replace(/^[: ]+/, '');
    return `${why}; ts is whole microseconds, or a time such as 2014-05-01T00:00:00.292Z`;
  }
}
