/**
 * A tick in the form that operators compute with: numbers instead of decimal strings, an id always
 * there, and a content hash that distinguishes an exact repeat from a correction.
 */
import type { Side } from './records/fields.ts';
import type { Tick } from './wire.ts';

export interface MarketTick {
  readonly kind: Tick['kind'];
  readonly ts: number;
  readonly id: string;
  /** The trade's price; a quote's mid, NaN where it has one side only: `hasPrice`. */
  readonly price: number;
  /** Traded size in units of the base; 0 for a quote. */
  readonly size: number;
  readonly side: Side | null;
  /** Quotes only; NaN for a trade, and for what a quote does not have. */
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
  /** 53 bits over the content without ts and id. */
  readonly hash: number;
}

/** A validated wire tick as numbers. `"1.50"` and `1.5` are the same content. */
export function toMarketTick(tick: Tick): MarketTick {
  const { ts } = tick;
  const id = tick.id ?? null;
  if (tick.kind === 'trade') {
    return tradeTick(ts, id, Number(tick.price), Number(tick.size), tick.side ?? null);
  }
  const [bid, ask] = [Number(tick.bid ?? NaN), Number(tick.ask ?? NaN)];
  return quoteTick(ts, id, bid, ask, Number(tick.bid_size ?? NaN), Number(tick.ask_size ?? NaN));
}

/** A quote of one side says when, not at what price: no candle, fill or label is made of it. */
export const hasPrice = ({ price }: { readonly price: number }): boolean => !Number.isNaN(price);

/** One that came without an id gets the hash of its content as such. */
export function tradeTick(
  ts: number,
  id: string | null,
  price: number,
  size: number,
  side: Side | null,
): MarketTick {
  const hash = contentHash(side === null ? 1 : side === 'buy' ? 2 : 3, price, size, 0, 0);
  return {
    kind: 'trade',
    ts,
    id: id ?? hashId(hash),
    price,
    size,
    side,
    bid: NaN,
    ask: NaN,
    bidSize: NaN,
    askSize: NaN,
    hash,
  };
}

/** A size that the venue does not give is NaN, and so is a side that is not there. */
export function quoteTick(
  ts: number,
  id: string | null,
  bid: number,
  ask: number,
  bidSize: number,
  askSize: number,
): MarketTick {
  const hash = contentHash(4, bid, ask, bidSize, askSize);
  return {
    kind: 'quote',
    ts,
    id: id ?? hashId(hash),
    price: (bid + ask) / 2,
    size: 0,
    side: null,
    bid,
    ask,
    bidSize,
    askSize,
    hash,
  };
}

const hashId = (hash: number): string => `h${hash.toString(36)}`;

/**
 * The order in which ticks are handed on: by `ts`, then kind, then id. Ids that are whole numbers
 * compare as numbers, so that 10 comes after 9, and before all others.
 */
export function compareTicks(a: MarketTick, b: MarketTick): number {
  if (a.ts !== b.ts) return a.ts - b.ts;
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return compareIds(a.id, b.id);
}

const WHOLE = /^\d+$/;

export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const aWhole = WHOLE.test(a);
  if (aWhole !== WHOLE.test(b)) return aWhole ? -1 : 1;
  if (aWhole) {
    const byValue = BigInt(a) - BigInt(b);
    if (byValue !== 0n) return byValue < 0n ? -1 : 1;
  }
  return a < b ? -1 : 1;
}

const content = new Float64Array(4);
const words = new Uint32Array(content.buffer);

/** cyrb53 over the bits of the numbers: two 32-bit lanes, cut to the 53 bits that a double holds. */
function contentHash(kind: number, a: number, b: number, c: number, d: number): number {
  // Adding 0 makes one zero of both.
  content[0] = a + 0;
  content[1] = b + 0;
  content[2] = c + 0;
  content[3] = d + 0;
  let h1 = 0xdeadbeef ^ kind;
  let h2 = 0x41c6ce57 ^ kind;
  for (let i = 0; i < 8; i++) {
    const word = words[i] as number;
    h1 = Math.imul(h1 ^ word, 2654435761);
    h2 = Math.imul(h2 ^ word, 1597334677);
    // A product's high bits depend on all of a word's, its low ones only on the low.
    h1 ^= h1 >>> 15;
    h2 ^= h2 >>> 13;
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 4294967296 * (2097151 & h2) + (h1 >>> 0);
}
