/**
 * A drawn market of closed candles for the tests of features: seeded, with quiet minutes, and made
 * with whole numbers only, so that test/oracle/features.py draws the very same candles.
 */
import { must } from '../../src/assert.ts';
import { TIMEFRAMES, candleEndTs, timeframeUs } from '../../src/domain/candle.ts';
import type { ClosedCandle, Timeframe } from '../../src/domain/candle.ts';
import { US_PER_MIN, floorTo, parseUs } from '../../src/domain/time.ts';

export interface Moment {
  endTs: number;
  closes: ClosedCandle[];
}

/** `trades`: trades and quotes. `quotes`: quotes alone, hence candles of the mid price. */
export type Source = 'trades' | 'quotes';

/** All instants at which candles end, oldest first, over `minutes` minutes. */
export function drawnMarket(minutes: number, seed = 1, source: Source = 'trades'): Moment[] {
  const minuteCandles = drawnMinutes(minutes, seed, source);
  const byEnd = new Map<number, ClosedCandle[]>();
  for (const { name } of TIMEFRAMES) {
    for (const candle of aggregate(minuteCandles, name)) {
      const closes = byEnd.get(candleEndTs(candle)) ?? [];
      byEnd.set(candleEndTs(candle), [...closes, candle]);
    }
  }
  return [...byEnd].sort(([a], [b]) => a - b).map(([endTs, closes]) => ({ endTs, closes }));
}

function drawnMinutes(minutes: number, seed: number, source: Source): ClosedCandle[] {
  let drawn = seed;
  const below = (n: number): number => {
    drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
    return (drawn >>> 16) % n;
  };
  const start = parseUs('2024-08-08T23:17:00Z');
  const candles: ClosedCandle[] = [];
  let cents = 6_000_000;
  for (let minute = 0; minute < minutes; minute++) {
    if (below(20) === 0) continue;
    const open = cents;
    const close = open + below(401) - 200;
    const high = Math.max(open, close) + below(100);
    const low = Math.min(open, close) - below(100);
    const ticks = 5 + below(200);
    const milli = 1 + below(5000);
    const buy = below(milli + 1);
    const spread = 1 + below(5);
    const quotes = 1 + below(50);
    cents = close;
    const size = source === 'trades' ? 1 / 1000 : 0;
    candles.push({
      timeframe: '1m',
      startTs: start + minute * US_PER_MIN,
      priceSource: source === 'trades' ? 'trade' : 'mid',
      open: open / 100,
      high: high / 100,
      low: low / 100,
      close: close / 100,
      volume: milli * size,
      trades: ticks,
      priceVolume: ((high + low + close + close) / 400) * milli * size,
      buyVolume: buy * size,
      sellVolume: (milli - buy) * size,
      spreadSum: (quotes * spread) / close,
      spreadCount: quotes,
      flags: [],
    });
  }
  return candles;
}

/** The candles of a longer timeframe from those of one minute. */
function aggregate(minutes: readonly ClosedCandle[], timeframe: Timeframe): ClosedCandle[] {
  const out: ClosedCandle[] = [];
  for (const minute of minutes) {
    const startTs = floorTo(minute.startTs, timeframeUs(timeframe));
    if (out.at(-1)?.startTs !== startTs) out.push({ ...minute, timeframe, startTs });
    else add(must(out.at(-1), 'a candle to add to'), minute);
  }
  return out;
}

function add(candle: ClosedCandle, minute: ClosedCandle): void {
  candle.high = Math.max(candle.high, minute.high);
  candle.low = Math.min(candle.low, minute.low);
  candle.close = minute.close;
  candle.volume += minute.volume;
  candle.trades += minute.trades;
  candle.priceVolume += minute.priceVolume;
  candle.buyVolume += minute.buyVolume;
  candle.sellVolume += minute.sellVolume;
  candle.spreadSum += minute.spreadSum;
  candle.spreadCount += minute.spreadCount;
}
