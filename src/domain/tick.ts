/**
 * A tick in the form that operators compute with: numbers instead of decimal strings, an id always
 * there, and a content hash that tells an exact repeat from a correction.
 */
import type { Tick } from './wire.ts';

export interface MarketTick {
  readonly kind: 'trade' | 'quote';
  readonly ts: number;
  readonly id: string;
  /** The trade's price; a quote's mid. */
  readonly price: number;
  /** Traded size in units of the base; 0 for a quote. */
  readonly size: number;
  readonly side: 'buy' | 'sell' | null;
  /** Quotes only; NaN for a trade. Sizes are NaN where the venue gives none. */
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number;
  readonly askSize: number;
  /** 53 bits over the content without ts and id. */
  readonly hash: number;
}

/** A validated wire tick as numbers. `"1.50"` and `1.5` are the same content. */
export function marketTickOf(tick: Tick): MarketTick {
  return tick.kind === 'trade' ? ofTrade(tick) : ofQuote(tick);
}

function ofTrade(tick: Extract<Tick, { kind: 'trade' }>): MarketTick {
  const price = Number(tick.price);
  const size = Number(tick.size);
  const side = tick.side ?? null;
  const hash = contentHash(`t${price}|${size}|${side ?? ''}`);
  const id = tick.id ?? hashId(hash);
  const none = NaN;
  return {
    kind: 'trade',
    ts: tick.ts,
    id,
    price,
    size,
    side,
    bid: none,
    ask: none,
    bidSize: none,
    askSize: none,
    hash,
  };
}

function ofQuote(tick: Extract<Tick, { kind: 'quote' }>): MarketTick {
  const bid = Number(tick.bid);
  const ask = Number(tick.ask);
  const bidSize = tick.bid_size === undefined ? NaN : Number(tick.bid_size);
  const askSize = tick.ask_size === undefined ? NaN : Number(tick.ask_size);
  const hash = contentHash(`q${bid}|${ask}|${bidSize}|${askSize}`);
  return {
    kind: 'quote',
    ts: tick.ts,
    id: tick.id ?? hashId(hash),
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

/** The id of a tick that came without one. */
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

/** cyrb53: two 32-bit multiplicative lanes, cut to the 53 bits that a double holds. */
function contentHash(text: string): number {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 4294967296 * (2097151 & h2) + (h1 >>> 0);
}
