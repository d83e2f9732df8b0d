/**
 * A synthetic instrument as a feed delivers it: trades and quotes of a seed, with everything that
 * goes wrong on the way. Some ticks come twice, some overtake each other within the lateness, some
 * come minutes late, some are corrected, lost, without an id or far ahead of their record.
 */
import { must } from '../../src/assert.ts';
import { floorTo, US_PER_HOUR, US_PER_MS, US_PER_S } from '../../src/domain/time.ts';
import { instrumentKey, type Heartbeat, type Tick, type TradeTick } from '../../src/domain/wire.ts';
import { syntheticTrades } from '../../src/market/synthetic.ts';
import { randomIndex, seededRandom, type Random } from '../../src/random.ts';

/** How long ticks are waited for in all that is driven by these markets. */
export const LATENESS_US = 2 * US_PER_S;

export interface DeliveredMarket {
  readonly seed: number;
  readonly venue: string;
  readonly symbol: string;
  readonly fromUs: number;
  readonly toUs: number;
  /** Trades and quotes a second. */
  readonly rate: number;
  /** Nothing but quotes before this. */
  readonly firstTradeUs: number;
  /** The id behind which trades are numbered. */
  readonly lastId: number;
}

/** A tick or heartbeat with the time at which it came, in whole milliseconds. */
export interface Delivered {
  readonly item: Tick | Heartbeat;
  readonly receivedUs: number;
}

const QUOTE_SHARE = 0.4;
const LOST_SHARE = 0.02;

/** The instrument's ticks in the order in which they come, and a heartbeat that closes all. */
export function deliveredMarket(market: DeliveredMarket): Delivered[] {
  const random = seededRandom(market.seed ^ 0x5eed);
  const delivered: Delivered[] = [];
  const ticks = trueTicks(market, random);
  for (const tick of ticks) deliver(tick, random, delivered);
  delivered.sort((a, b) => a.receivedUs - b.receivedUs);
  const { venue, symbol } = market;
  const lastTs = must(ticks.at(-1)).ts;
  const ts = floorTo(lastTs, US_PER_HOUR) + US_PER_HOUR + LATENESS_US;
  delivered.push({ item: { kind: 'heartbeat', venue, symbol, ts }, receivedUs: inMs(ts) });
  return delivered;
}

/** What the exchange knows: in order, once, and its trades numbered without a gap, but for losses. */
function trueTicks(market: DeliveredMarket, random: Random): Tick[] {
  const ticks: Tick[] = [];
  let id = market.lastId;
  for (const trade of syntheticTrades({ ...market, edge: 'none' })) {
    if (trade.ts >= market.toUs) break;
    if (trade.ts < market.firstTradeUs || random() < QUOTE_SHARE) {
      ticks.push(drawQuote(trade, random));
      continue;
    }
    id += 1;
    if (random() >= LOST_SHARE) ticks.push({ ...trade, id: String(id) });
  }
  return ticks;
}

function drawQuote({ venue, symbol, ts, price }: TradeTick, random: Random): Tick {
  const half = 0.01 * (1 + randomIndex(random, 4));
  const quote = { kind: 'quote', venue, symbol, ts } as const;
  const sides = { bid: (Number(price) - half).toFixed(2), ask: Number(price) + half };
  // Not all feeds give ids or sizes.
  const sizes = random() < 0.5 ? {} : { bid_size: 1 + randomIndex(random, 9), ask_size: '2.50' };
  return random() < 0.3
    ? { ...quote, ...sides, ...sizes }
    : { ...quote, id: `q${ts % 1_000_000}`, ...sides, ...sizes };
}

/** Adds the tick's delivery, and those of its repeats, corrections and heartbeats. */
function deliver(tick: Tick, random: Random, delivered: Delivered[]): void {
  const { ts, venue, symbol } = tick;
  const come = (item: Tick | Heartbeat, delayUs: number): void => {
    delivered.push({ item, receivedUs: inMs(ts + delayUs) });
  };
  const late = (): number => US_PER_S * (3 + randomIndex(random, 240));
  const soon = (): number => randomIndex(random, LATENESS_US);
  const drawn = random();
  // A recording's clock may run behind the exchange.
  if (drawn < 0.03) come(tick, -30 * US_PER_MS);
  else if (drawn < 0.15) come(tick, soon());
  else if (drawn < 0.18) come(tick, late());
  else come(tick, randomIndex(random, 80) * US_PER_MS);
  if (random() < 0.06) come(tick, random() < 0.5 ? soon() : late());
  if (random() < 0.04) come(corrected(tick, random), random() < 0.5 ? soon() : late());
  if (random() < 0.06) {
    const backUs = random() < 0.3 ? late() : 0;
    come({ kind: 'heartbeat', venue, symbol, ts: ts + US_PER_S - backUs }, US_PER_S);
  }
  if (random() < 0.01) {
    const ahead = ts + US_PER_S * (75 + randomIndex(random, 600));
    come({ ...tick, id: `ahead${ts % 1_000_000}`, ts: ahead }, 0);
  }
}

/** The same identity with another content. */
function corrected(tick: Tick, random: Random): Tick {
  const by = 0.01 * (1 + randomIndex(random, 9));
  return tick.kind === 'trade'
    ? { ...tick, price: Number(tick.price) + by }
    : { ...tick, ask: Number(tick.ask) + by };
}

const inMs = (us: number): number => Math.ceil(us / US_PER_MS) * US_PER_MS;

/** Several instruments' deliveries as one stream in the order of their coming. */
export const mergedDeliveries = (markets: readonly DeliveredMarket[]): Delivered[] =>
  markets
    .flatMap((market) => deliveredMarket(market))
    .sort(
      (a, b) =>
        a.receivedUs - b.receivedUs || instrumentKey(a.item).localeCompare(instrumentKey(b.item)),
    );
