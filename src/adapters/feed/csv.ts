/**
 * CSV with a header row. Columns by name: `ts` (microseconds, or RFC 3339) or `ts_ms` or `ts_s`,
 * then `price,size[,side]` for trades or `bid,ask[,bid_size,ask_size]` for quotes, and optionally
 * `id`, `venue`, `symbol`. With `--date`, `ts_ms` counts from that day's midnight.
 */
import { parseUs, US_PER_MS, US_PER_S } from '../../domain/time.ts';
import type { Tick } from '../../domain/wire.ts';
import { FeedFormatError, linesOf } from './lines.ts';
import type { FeedFormat, FormatOptions } from './format.ts';

type Row = ReadonlyMap<string, string>;

export const csv: FeedFormat = async function* (path, options) {
  let header: string[] | null = null;
  for await (const { text, number } of linesOf(path)) {
    const cells = text.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    if (header === null) {
      header = checkedHeader(path, cells, text);
      continue;
    }
    const row = new Map(header.map((name, i) => [name, cells[i] ?? '']));
    const tick = cells.length === header.length ? tickOf(row, options) : null;
    if (tick === null)
      throw new FeedFormatError(path, number, `a row of ${header.join(',')}`, text);
    yield { tick, receivedUs: tick.ts };
  }
};

function checkedHeader(path: string, cells: string[], text: string): string[] {
  const names = cells.map((cell) => cell.toLowerCase());
  const has = (...wanted: string[]): boolean => wanted.every((name) => names.includes(name));
  const timed = ['ts', 'ts_ms', 'ts_s'].some((name) => has(name));
  if (timed && (has('price', 'size') || has('bid', 'ask'))) return names;
  throw new FeedFormatError(path, 1, 'a header with ts and price,size or bid,ask', text);
}

function tickOf(row: Row, options: FormatOptions): Tick | null {
  const ts = timeOf(row, options);
  const price = (name: string): number | null => {
    const value = Number(row.get(name));
    return row.get(name) !== '' && value > 0 ? value : null;
  };
  const text = (name: string): string | undefined => row.get(name) || undefined;
  const id = text('id');
  const head = {
    venue: text('venue') ?? options.venue,
    symbol: text('symbol') ?? options.symbol,
    ts: ts ?? 0,
    ...(id === undefined ? {} : { id }),
  };
  if (ts === null) return null;
  if (row.has('bid')) {
    const [bid, ask] = [price('bid'), price('ask')];
    const sizes = Object.fromEntries(
      ['bid_size', 'ask_size'].flatMap((name) => (text(name) ? [[name, Number(text(name))]] : [])),
    );
    return bid === null || ask === null ? null : { kind: 'quote', ...head, bid, ask, ...sizes };
  }
  const paid = price('price');
  const size = Number(row.get('size'));
  const side = text('side');
  if (paid === null || !(size >= 0)) return null;
  if (side !== undefined && side !== 'buy' && side !== 'sell') return null;
  return { kind: 'trade', ...head, price: paid, size, ...(side === undefined ? {} : { side }) };
}

function timeOf(row: Row, { date }: FormatOptions): number | null {
  const midnightUs = date === undefined ? 0 : parseUs(date);
  for (const [name, unitUs] of [
    ['ts_ms', US_PER_MS],
    ['ts_s', US_PER_S],
    ['ts', 1],
  ] as const) {
    const text = row.get(name);
    if (text === undefined || text === '') continue;
    const value = Number(text);
    if (Number.isFinite(value)) return midnightUs + Math.round(value * unitUs);
    return name === 'ts' ? parsedOrNull(text) : null;
  }
  return null;
}

function parsedOrNull(text: string): number | null {
  try {
    return parseUs(text);
  } catch {
    return null;
  }
}
