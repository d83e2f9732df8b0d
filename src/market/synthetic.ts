/**
 * seed, symbol, start -> an endless market of trades, the same bytes every time
 *
 * Trades arrive in bursts around a mean rate, with quiet gaps; volatility clusters and changes its
 * regime from hour to hour, and so does the side that takers are on. Without an edge the price is a
 * martingale. With the planted one, what an hour shows predicts the drift of the next:
 *
 *   drift(hour) = strength * a(hour - 1) * b(hour - 1)
 *   a: +1 volatile, -1 calm        b: +1 takers buy, -1 takers sell
 *
 * Neither a nor b alone says anything about the drift, past returns next to nothing: it has to be
 * learnt from both together. The market is a function of (seed, symbol, start): a longer run begins
 * with the shorter one.
 */
import { floorTo, US_PER_DAY, US_PER_HOUR, US_PER_MIN, US_PER_S } from '../domain/time.ts';
import type { TradeTick } from '../domain/wire.ts';
import { gaussian, seededRandom, type Random } from '../random.ts';

export type Edge = 'none' | 'planted';

export interface SyntheticMarket {
  readonly seed: number;
  readonly venue: string;
  readonly symbol: string;
  /** Where the market begins; its first trade comes a little later. */
  readonly fromUs: number;
  /** Trades a second, on average. */
  readonly rate: number;
  readonly edge: Edge;
}

export const DEFAULT_RATE = 0.2;

/** Standard deviation of an hour's return in an hour between calm and volatile. */
const HOURLY_VOLATILITY = 0.004;
/** Volatile is so many times, and calm so many parts of, the middle. */
const REGIME_RATIO = 2;
/** Share of volume on the regime's side. */
const TAKER_SHARE = 0.8;
/** The planted drift of an hour, in standard deviations of a middling hour. */
const EDGE_STRENGTH = 3.5;
const START_PRICE = 100;
const PRICE_STEP = 0.01;
const SIZE_STEP = 0.001;
/** Time constant of the volatility that clusters within the regimes. */
const CLUSTER_US = 20 * US_PER_MIN;
const GAPS_PER_DAY = 6;
const BURSTS_PER_HOUR = 4;
const BURST_TRADES = 12;

interface Hour {
  readonly startUs: number;
  readonly volatile: 1 | -1;
  readonly buying: 1 | -1;
}

/** All trades of the market, oldest first, without end. */
export function* syntheticTrades(market: SyntheticMarket): Generator<TradeTick> {
  const { venue, symbol, fromUs, rate, edge } = market;
  const random = seededRandom(symbolSeed(market));
  let hour = drawHour(random, floorTo(fromUs, US_PER_HOUR));
  let before = drawHour(random, hour.startUs - US_PER_HOUR);
  let logPrice = Math.log(START_PRICE);
  let cluster = 0;
  let burst = 0;
  let ts = fromUs;
  for (let id = 1; ; id++) {
    const waitUs = drawWait(random, rate, burst);
    burst = burst > 0 ? burst - 1 : drawBurst(random, rate);
    const nextTs = ts + waitUs;
    while (nextTs >= hour.startUs + US_PER_HOUR) {
      before = hour;
      hour = drawHour(random, hour.startUs + US_PER_HOUR);
    }
    const share = waitUs / US_PER_HOUR;
    const decay = Math.exp(-waitUs / CLUSTER_US);
    cluster = cluster * decay + 0.2 * Math.sqrt(1 - decay * decay) * gaussian(random);
    const volatility = HOURLY_VOLATILITY * REGIME_RATIO ** hour.volatile * Math.exp(cluster);
    const drift =
      edge === 'planted' ? EDGE_STRENGTH * HOURLY_VOLATILITY * before.volatile * before.buying : 0;
    logPrice += drift * share + volatility * Math.sqrt(share) * gaussian(random);
    ts = nextTs;
    const bought = random() < (hour.buying > 0 ? TAKER_SHARE : 1 - TAKER_SHARE);
    yield {
      kind: 'trade',
      venue,
      symbol,
      id: String(id),
      ts,
      price: toStep(Math.exp(logPrice), PRICE_STEP),
      size: toStep(Math.exp(0.8 * gaussian(random) - 1), SIZE_STEP),
      side: bought ? 'buy' : 'sell',
    };
  }
}

const drawHour = (random: Random, startUs: number): Hour => ({
  startUs,
  volatile: random() < 0.5 ? 1 : -1,
  buying: random() < 0.5 ? 1 : -1,
});

/** Microseconds to the next trade: short in a burst, now and then a gap of minutes. */
function drawWait(random: Random, rate: number, burst: number): number {
  const meanUs = US_PER_S / rate;
  const exponential = -Math.log(1 - random());
  const chance = random();
  if (burst > 0) return Math.max(1, Math.floor(exponential * 0.05 * meanUs));
  const gap = chance < (GAPS_PER_DAY * meanUs) / US_PER_DAY;
  if (gap) return Math.floor((2 + 3 * exponential) * US_PER_MIN);
  return Math.max(1, Math.floor(exponential * 1.15 * meanUs));
}

function drawBurst(random: Random, rate: number): number {
  const perTrade = (BURSTS_PER_HOUR * US_PER_S) / rate / US_PER_HOUR;
  return random() < perTrade ? 1 + Math.floor(-Math.log(1 - random()) * BURST_TRADES) : 0;
}

/** The nearest multiple of the step, without the tail of binary fractions; at least one step. */
function toStep(value: number, step: number): number {
  const perUnit = Math.round(1 / step);
  return Math.max(1, Math.round(value * perUnit)) / perUnit;
}

/** FNV-1a over the symbol, mixed with the seed: each symbol of a seed is a market of its own. */
function symbolSeed({ seed, symbol }: SyntheticMarket): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < symbol.length; i++) {
    hash = Math.imul(hash ^ symbol.charCodeAt(i), 0x01000193);
  }
  return (Math.imul(seed | 0, 0x9e3779b1) ^ hash) >>> 0;
}
