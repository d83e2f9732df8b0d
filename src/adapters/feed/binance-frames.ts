/**
 * Recorded websocket frames of Binance's combined stream: `receive time in ns` and the JSON, one a
 * line. Trades carry the venue's id and trade time; a `bookTicker` has an update id and no time of
 * its own, so it takes the receive time. Other streams are skipped.
 */
import { US_PER_MS } from '../../domain/time.ts';
import type { Tick } from '../../domain/wire.ts';
import { FeedFormatError, linesOf } from './lines.ts';
import type { FeedFormat, FormatOptions } from './format.ts';

interface Frame {
  readonly stream?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

const LINE = /^(\d{16,20}) (\{.*\})$/;

export const binanceFrames: FeedFormat = async function* (path, options) {
  for await (const { text, number } of linesOf(path)) {
    const match = LINE.exec(text);
    const frame = match === null ? null : parsed(match[2] ?? '');
    if (match === null || frame === null) {
      throw new FeedFormatError(path, number, 'receive time in ns and a JSON frame', text);
    }
    const receivedUs = Math.floor(Number((match[1] ?? '').slice(0, -3)));
    const tick = tickOf(frame, receivedUs, options);
    if (tick === 'malformed') throw new FeedFormatError(path, number, 'a trade or quote', text);
    if (tick !== null) yield { tick, receivedUs };
  }
};

function parsed(text: string): Frame | null {
  try {
    return JSON.parse(text) as Frame;
  } catch {
    return null;
  }
}

function tickOf(
  { stream = '', data = {} }: Frame,
  receivedUs: number,
  { venue, symbol }: FormatOptions,
): Tick | 'malformed' | null {
  const head = { venue, symbol };
  if (stream.endsWith('@trade')) {
    const { t, T, p, q, m } = data;
    if (typeof T !== 'number' || typeof p !== 'string' || typeof q !== 'string') return 'malformed';
    // The buyer was the maker, so the taker sold.
    const side = m === true ? 'sell' : 'buy';
    return { kind: 'trade', ...head, id: String(t), ts: T * US_PER_MS, price: p, size: q, side };
  }
  if (stream.endsWith('@bookTicker')) {
    const { u, b, a, B, A } = data;
    if (typeof b !== 'string' || typeof a !== 'string') return 'malformed';
    const sizes = { bid_size: String(B), ask_size: String(A) };
    return { kind: 'quote', ...head, id: String(u), ts: receivedUs, bid: b, ask: a, ...sizes };
  }
  return null;
}
