import { describe, expect, test } from 'vitest';
import { candles, type CandlesIn, type Closing } from '../../../pipelines/stream/candles.ts';
import { toMarketTick } from '../../../src/domain/tick.ts';

const MIN = 60_000_000;
const moment = { decidedTs: 1, knownAt: 2 };

const trade = (ts: number, price: number, size = 1): CandlesIn => ({
  type: 'ordered',
  tick: toMarketTick({
    kind: 'trade',
    venue: 'v',
    symbol: 'A',
    id: `${ts}`,
    ts,
    price,
    size,
    side: 'buy',
  }),
  moment,
});
const quote = (ts: number, bid: number, ask: number): CandlesIn => ({
  type: 'ordered',
  tick: toMarketTick({ kind: 'quote', venue: 'v', symbol: 'A', id: `${ts}`, ts, bid, ask }),
  moment,
});
const watermark = (ts: number): CandlesIn => ({ type: 'watermark', ts, moment });

function runCandles(inputs: readonly CandlesIn[]): Closing[] {
  const out: Closing[] = [];
  const state = candles.initial();
  for (const input of inputs) candles.step(state, input, (closing) => out.push(closing));
  return out;
}

const shape = ({ endTs, candles: closed }: Closing): string =>
  `${endTs / MIN}: ${closed.map(({ timeframe }) => timeframe).join(' ')}`;

describe('candles', () => {
  test('a candle holds the first, highest, lowest and last price of [start, end)', () => {
    const [first] = runCandles([
      trade(0, 100, 2),
      trade(10, 130),
      trade(20, 90),
      trade(MIN - 1, 110),
      trade(MIN, 500),
      watermark(MIN),
    ]);
    expect(first?.candles[0]).toMatchObject({
      timeframe: '1m',
      startTs: 0,
      open: 100,
      high: 130,
      low: 90,
      close: 110,
      volume: 5,
      trades: 4,
      priceVolume: 530,
      priceSource: 'trade',
    });
  });

  test('a quote of one side moves the time and is no price', () => {
    const half = (ts: number, side: { bid?: number; ask?: number }): CandlesIn => ({
      type: 'ordered',
      tick: toMarketTick({ kind: 'quote', venue: 'v', symbol: 'A', id: `${ts}`, ts, ...side }),
      moment,
    });
    const [first, ...more] = runCandles([
      half(0, { bid: 1 }),
      quote(1, 9, 11),
      half(2, { ask: 500 }),
      half(MIN, { bid: 1 }),
      watermark(3 * MIN),
    ]);
    expect(first?.candles[0]).toMatchObject({ open: 10, high: 10, low: 10, close: 10, trades: 1 });
    expect(first?.candles[0]).toMatchObject({ spreadSum: 0.2, spreadCount: 1 });
    expect(more).toEqual([]);
  });

  test('all candles that end at one instant close together, smallest first, in time order', () => {
    const closed = runCandles([trade(0, 1), trade(4 * MIN, 2), watermark(60 * MIN)]);
    expect(closed.map(shape)).toEqual(['1: 1m', '5: 1m 5m', '15: 15m', '60: 1h']);
  });

  test('nothing closes before the watermark reaches the end, and nothing closes twice', () => {
    expect(runCandles([trade(0, 1), watermark(MIN - 1)])).toEqual([]);
    expect(runCandles([trade(0, 1), watermark(MIN), watermark(MIN)]).map(shape)).toEqual(['1: 1m']);
  });

  test('an interval without a tick has no candle', () => {
    const closed = runCandles([trade(0, 1), trade(3 * MIN, 2), watermark(4 * MIN)]);
    expect(closed.map(shape)).toEqual(['1: 1m', '4: 1m']);
  });

  test('a longer candle equals the candle over all its ticks', () => {
    const closed = runCandles([
      trade(0, 5, 1),
      trade(2 * MIN, 9, 2),
      trade(3 * MIN, 1, 3),
      trade(4 * MIN, 4, 4),
      watermark(5 * MIN),
    ]);
    const five = closed.flatMap((c) => c.candles).find((c) => c.timeframe === '5m');
    expect(five).toMatchObject({
      startTs: 0,
      open: 5,
      high: 9,
      low: 1,
      close: 4,
      volume: 10,
      trades: 4,
    });
    expect(five?.priceVolume).toBe(5 + 18 + 3 + 16);
  });

  test('quotes make mid candles until the first trade, whose interval is a trade candle', () => {
    const closed = runCandles([
      quote(0, 99, 101),
      quote(MIN, 100, 102),
      trade(MIN + 1, 200),
      quote(MIN + 2, 300, 302),
      trade(2 * MIN, 210),
      watermark(60 * MIN),
    ]);
    const all = closed.flatMap((c) => c.candles);
    const minutes = all.filter((c) => c.timeframe === '1m');
    expect(minutes).toMatchObject([
      { priceSource: 'mid', open: 100, trades: 1, volume: 0 },
      { priceSource: 'trade', open: 200, close: 200, trades: 1, spreadCount: 2 },
      { priceSource: 'trade', open: 210, trades: 1 },
    ]);
    const hour = all.find((c) => c.timeframe === '1h');
    expect(hour, 'the mids before the first trade are not in it').toMatchObject({
      priceSource: 'trade',
      open: 200,
      close: 210,
      trades: 2,
    });
  });

  test('a traded instrument has no candle of quotes alone', () => {
    const closed = runCandles([trade(0, 1), quote(MIN, 1, 2), watermark(2 * MIN)]);
    expect(closed.map(shape)).toEqual(['1: 1m']);
  });

  test('a gap marks what is open and the candle of the tick behind it', () => {
    const closed = runCandles([
      trade(0, 1),
      { type: 'gap', moment },
      trade(3 * MIN, 2),
      trade(4 * MIN, 2),
      watermark(5 * MIN),
    ]);
    const flagged = closed.flatMap((c) => c.candles).map((c) => `${c.timeframe} ${c.flags.join()}`);
    expect(flagged).toEqual(['1m gap', '1m gap', '1m ', '5m gap']);
  });

  test('a state saved and restored between any two inputs changes nothing', () => {
    const inputs = [
      quote(0, 1, 2),
      trade(10, 2),
      trade(MIN, 3),
      watermark(MIN),
      trade(5 * MIN, 4),
      watermark(61 * MIN),
    ];
    const out: Closing[] = [];
    let state = candles.initial();
    for (const input of inputs) {
      state = structuredClone(state);
      candles.step(state, input, (closing) => out.push(closing));
    }
    expect(out).toEqual(runCandles(inputs));
  });
});
