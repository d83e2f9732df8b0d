/**
 * ticks in event-time order -> candles of 1m, 5m, 15m and 1h, once each, when the watermark
 * reaches their end
 *
 * Ticks build the 1m candle; the longer ones are rolled up from it. An instrument has mid candles
 * (quotes) until its first trade; the interval that holds that trade and all later ones are trade
 * candles, and quotes then only feed the spread. An interval without a tick has no candle. A quote
 * of one side has no mid: it moves the time and is no price.
 */
import { TIMEFRAMES, timeframeUs, type ClosedCandle } from '../../src/domain/candle.ts';
import { hasPrice, type MarketTick } from '../../src/domain/tick.ts';
import { floorTo } from '../../src/domain/time.ts';
import { assert } from '../../src/assert.ts';
import type { Moment, Operator } from '../../src/stream/operator.ts';

export interface CandlesState {
  /** Sticky: once a trade was seen, quotes no longer make candles. */
  traded: boolean;
  /** Ticks are missing just before the next one. */
  gapBefore: boolean;
  /** Open candles in the order of `TIMEFRAMES`; the first may still be without a tick. */
  open: (ClosedCandle | null)[];
}

export type CandlesIn =
  | { readonly type: 'ordered'; readonly tick: MarketTick; readonly moment: Moment }
  | { readonly type: 'gap'; readonly moment: Moment }
  | { readonly type: 'watermark'; readonly ts: number; readonly moment: Moment };

/** All candles that end at one instant, smallest timeframe first. */
export interface Closing {
  readonly endTs: number;
  readonly candles: readonly ClosedCandle[];
  readonly moment: Moment;
}

const [MINUTE, ...LONGER] = TIMEFRAMES;

export const candles: Operator<CandlesIn, Closing, CandlesState> = {
  name: 'candles',

  initial: () => ({ traded: false, gapBefore: false, open: TIMEFRAMES.map(() => null) }),

  step(state, input, emit) {
    switch (input.type) {
      case 'watermark':
        closeUpTo(state, input.ts, input.moment, emit);
        break;
      case 'gap':
        // What was published before the gap stays as served; what is open is marked.
        state.gapBefore = true;
        for (const candle of state.open) if (candle !== null) flag(candle, 'gap');
        break;
      case 'ordered':
        closeUpTo(state, input.tick.ts, input.moment, emit);
        if (hasPrice(input.tick)) addTick(state, input.tick);
        break;
    }
  },
};

function addTick(state: CandlesState, tick: MarketTick): void {
  let candle = state.open[0] ?? null;
  if (tick.kind === 'trade' && !state.traded) {
    state.traded = true;
    if (candle !== null) state.open[0] = candle = withoutMids(candle);
    // A longer candle that holds the first trade is a trade candle too: its mids are dropped.
    for (let i = 1; i < state.open.length; i++) state.open[i] = null;
  }
  candle ??= state.open[0] = emptyCandle('1m', floorTo(tick.ts, MINUTE.us), state.traded);
  if (state.gapBefore) flag(candle, 'gap');
  state.gapBefore = false;
  if (tick.kind === 'quote') {
    candle.spreadSum += (tick.ask - tick.bid) / tick.price;
    candle.spreadCount += 1;
    if (state.traded) return;
  }
  widen(candle, tick);
}

function widen(candle: ClosedCandle, tick: MarketTick): void {
  const { price, size } = tick;
  if (candle.trades === 0) {
    candle.open = candle.high = candle.low = price;
  } else {
    if (price > candle.high) candle.high = price;
    if (price < candle.low) candle.low = price;
  }
  candle.close = price;
  candle.trades += 1;
  candle.volume += size;
  candle.priceVolume += price * size;
  if (tick.side === 'buy') candle.buyVolume += size;
  else if (tick.side === 'sell') candle.sellVolume += size;
}

function closeUpTo(
  state: CandlesState,
  ts: number,
  moment: Moment,
  emit: (out: Closing) => void,
): void {
  for (let endTs = nextEnd(state); endTs <= ts; endTs = nextEnd(state)) {
    const closed: ClosedCandle[] = [];
    const minute = state.open[0] ?? null;
    if (minute !== null && minute.startTs + MINUTE.us === endTs) {
      state.open[0] = null;
      if (minute.trades > 0) {
        closed.push(minute);
        rollUp(state, minute);
      }
    }
    LONGER.forEach(({ us }, i) => {
      const candle = state.open[i + 1] ?? null;
      if (candle === null || candle.startTs + us !== endTs) return;
      state.open[i + 1] = null;
      closed.push(candle);
    });
    if (closed.length > 0) emit({ endTs, candles: closed, moment });
  }
}

/** Called at every tick: an open minute ends no later than the longer candles that hold it. */
function nextEnd(state: CandlesState): number {
  const minute = state.open[0] ?? null;
  if (minute !== null) return minute.startTs + MINUTE.us;
  let end = Infinity;
  for (const candle of state.open) {
    if (candle !== null) end = Math.min(end, candle.startTs + timeframeUs(candle.timeframe));
  }
  return end;
}

function rollUp(state: CandlesState, minute: ClosedCandle): void {
  LONGER.forEach(({ name, us }, i) => {
    const startTs = floorTo(minute.startTs, us);
    const open = state.open[i + 1] ?? null;
    if (open === null) {
      const flags = [...minute.flags];
      state.open[i + 1] = { ...minute, timeframe: name, startTs, flags };
      return;
    }
    assert(open.startTs === startTs, `${name} candle of ${startTs} was not closed in time`);
    open.high = Math.max(open.high, minute.high);
    open.low = Math.min(open.low, minute.low);
    open.close = minute.close;
    open.trades += minute.trades;
    open.volume += minute.volume;
    open.priceVolume += minute.priceVolume;
    open.buyVolume += minute.buyVolume;
    open.sellVolume += minute.sellVolume;
    open.spreadSum += minute.spreadSum;
    open.spreadCount += minute.spreadCount;
    for (const name_ of minute.flags) flag(open, name_);
  });
}

function flag(candle: ClosedCandle, name: string): void {
  if (!candle.flags.includes(name)) candle.flags.push(name);
}

/** Keeps the interval's spread and drops the mids that no longer count as prices. */
function withoutMids(candle: ClosedCandle): ClosedCandle {
  const { spreadSum, spreadCount, flags } = candle;
  return { ...emptyCandle('1m', candle.startTs, true), spreadSum, spreadCount, flags };
}

function emptyCandle(timeframe: '1m', startTs: number, traded: boolean): ClosedCandle {
  return {
    timeframe,
    startTs,
    priceSource: traded ? 'trade' : 'mid',
    open: NaN,
    high: NaN,
    low: NaN,
    close: NaN,
    volume: 0,
    trades: 0,
    priceVolume: 0,
    buyVolume: 0,
    sellVolume: 0,
    spreadSum: 0,
    spreadCount: 0,
    flags: [],
  };
}
