/**
 * Recorded websocket frames of Binance: `receive time in ns` and the JSON, one a line, of a
 * combined stream (`{"stream","data"}`) or of a single one; spot, USD-M and COIN-M futures. Trades
 * carry the venue's id and trade time `T`. A `bookTicker` of the futures has its transaction time
 * `T` (or an event time `E`); spot gives none, so there the receive time stands. Where a recording
 * has single and aggregated trades, those that came first count: both are the same trades. Other
 * streams are skipped.
 */
import { US_PER_MS } from '../domain/time.ts';
import type { FeedFormat, Parsed } from './format.ts';

type Data = Readonly<Record<string, unknown>>;

const LINE = /^(\d{19}) (\{.*\})$/;

export const binanceFrames: FeedFormat = async function* ({ lines }, { venue, symbol }) {
  /** What the first frames showed: which trades count, and of what they are. */
  let trades: string | null = null;
  let market: unknown = null;
  for await (const { text, number: line } of lines) {
    const match = LINE.exec(text);
    const frame = match === null ? null : parsed(match[2] ?? '');
    if (match === null || frame === null) {
      const reason = 'expected receive time in ns (19 digits) and a JSON frame';
      yield { line, column: null, reason, found: text };
      continue;
    }
    const { type, data } = frame;
    if (type === null) continue;
    const { s = market } = data;
    market ??= s;
    if (s !== market) {
      const reason = `expected ${String(market)} as before: one instrument a recording`;
      yield { line, column: 's', reason, found: String(s) };
      continue;
    }
    if (type !== 'bookTicker') {
      trades ??= type;
      if (type !== trades) continue;
    }
    const receivedUs = Math.floor(Number((match[1] ?? '').slice(0, -3)));
    const candidate = toCandidate(line, { type, data }, receivedUs, { venue, symbol });
    if (candidate !== null) yield candidate;
  }
};

type FrameType = 'trade' | 'aggTrade' | 'bookTicker';

interface Frame {
  /** Null: of another stream. */
  readonly type: FrameType | null;
  readonly data: Data;
}

const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string): Frame | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(json)) return null;
  const { stream, data } = json;
  if (stream === undefined) return { type: frameType(json, ''), data: json };
  if (!isObject(data) || typeof stream !== 'string') return { type: null, data: {} };
  return { type: frameType(data, stream), data };
}

function frameType({ e, u, b, a }: Data, stream: string): FrameType | null {
  const named = e ?? /@(trade|aggTrade|bookTicker)$/.exec(stream)?.[1];
  if (named === 'trade' || named === 'aggTrade' || named === 'bookTicker') return named;
  // A single stream of spot says only by its fields what it is.
  const isBook = u !== undefined && isScalar(b) && isScalar(a);
  return named === undefined && stream === '' && isBook ? 'bookTicker' : null;
}

const isScalar = (value: unknown): value is string | number =>
  typeof value === 'string' || typeof value === 'number';

function toCandidate(
  line: number,
  { type, data }: { readonly type: FrameType; readonly data: Data },
  receivedUs: number,
  head: { readonly venue: string; readonly symbol: string },
): Parsed | null {
  const time = (column: string) => {
    const value = data[column];
    return { column, found: isScalar(value) ? String(value) : String(receivedUs) };
  };
  if (type === 'bookTicker') {
    const { u, b, a, B, A, T, E } = data;
    const column = T === undefined ? 'E' : 'T';
    const entry = {
      kind: 'quote',
      ...head,
      ...pickId(u),
      ts: microseconds(T ?? E) ?? receivedUs,
      ...side('bid', b, B),
      ...side('ask', a, A),
    };
    return { line, kind: 'quote', entry, receivedUs, time: time(column) };
  }
  const { t, a, T, p, q, m, X } = data;
  // Of the futures: no trade of the market (insurance fund, delisting), its price and size are 0.
  if (X === 'NA') return null;
  const ts = microseconds(T);
  if (ts === null) {
    const reason = 'expected the trade time T in milliseconds';
    return { line, column: 'T', reason, found: JSON.stringify(data) };
  }
  // The buyer was the maker, so the taker sold.
  const taker = m === true ? { side: 'sell' } : m === false ? { side: 'buy' } : {};
  const id = pickId(type === 'trade' ? t : a);
  const entry = { kind: 'trade', ...head, ...id, ts, price: p, size: q, ...taker };
  return { line, kind: 'trade', entry, receivedUs, time: time('T') };
}

const pickId = (id: unknown): { id?: string } => (isScalar(id) ? { id: String(id) } : {});

/** An empty side of the book is a price and a size of 0. */
function side(name: 'bid' | 'ask', price: unknown, size: unknown): Data {
  if (Number(price) === 0 && Number(size) === 0) return {};
  return { [name]: price, [`${name}_size`]: size };
}

/** Above this a time is in microseconds, which the venue sends on request. */
const MILLISECONDS_MAX = 1e14;

function microseconds(time: unknown): number | null {
  const value = isScalar(time) && /^\d{1,16}$/.test(String(time)) ? Number(time) : null;
  if (value === null) return null;
  return value < MILLISECONDS_MAX ? value * US_PER_MS : value;
}
