/**
 * signals and ordered ticks -> paper fills, and how signals ended that were never filled
 *
 * A market order takes effect `latency` after the decision and fills at the first tick strictly
 * behind that: quotes at the side one has to cross, trades at their price, both worse by the
 * slippage. A position is closed by ticks alone, so exits go on whatever else is away:
 *
 *   stop:   at the price of the first tick that reaches it (worse than the stop on a gap), slipped
 *   target: at the target itself, as a resting order
 *   expiry: at the first tick at or behind the longest holding time, slipped
 *
 * Of several at one tick the stop comes first: between two ticks nobody knows which was touched.
 * The tick that fills an entry never closes it. A quote of one side fills and closes nothing.
 */
import type { Side } from '../../src/domain/records/fields.ts';
import { Exact } from '../../src/domain/exact.ts';
import { must } from '../../src/assert.ts';
import type { BotControl } from '../../src/domain/control.ts';
import { hasPrice, type MarketTick } from '../../src/domain/tick.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import type { Fill, Signal, SignalEnd } from '../../src/domain/wire.ts';
import { parsePair, fxRate, priceDecimals, priceText } from '../../src/money/amounts.ts';
import type { Moment, Operator } from '../../src/stream/operator.ts';

/** What a bot has in an instrument: an order that waits, or a position. */
interface Position {
  readonly signal: Pick<
    Signal,
    | 'signal_id'
    | 'prediction_id'
    | 'model_id'
    | 'bot'
    | 'account'
    | 'venue'
    | 'symbol'
    | 'direction'
    | 'size'
    | 'stop_loss'
    | 'take_profit'
    | 'expires_at'
  >;
  /** The entry fills strictly behind this. */
  readonly effectiveTs: number;
  readonly maxHoldingUs: number;
  readonly feeBps: number;
  readonly slippageBps: number;
  readonly fxRate: string;
  readonly feeCurrency: string;
  /** The signal's levels as numbers, once a tick needs them: reading text at each of them costs. */
  stop?: number;
  target?: number;
  /** 0 while the entry waits. */
  entryTs: number;
}

/** By bot; a bot that is flat has no entry. */
export type FillsState = Record<string, Position>;

export type FillsIn =
  | {
      readonly type: 'signal';
      readonly signal: Signal;
      readonly bot: BotControl;
      readonly moment: Moment;
    }
  | { readonly type: 'ordered'; readonly tick: MarketTick; readonly moment: Moment }
  | { readonly type: 'watermark'; readonly ts: number; readonly moment: Moment };

type Emit = (out: Fill | SignalEnd) => void;

export const isFlat = (state: FillsState, bot: string): boolean => !(bot in state);

export const fills: Operator<FillsIn, Fill | SignalEnd, FillsState> = {
  name: 'fills',
  initial: () => ({}),
  step(state, input, emit) {
    switch (input.type) {
      case 'signal':
        take(state, input.signal, input.bot);
        break;
      case 'ordered':
        // Called at every tick, and nearly always for nobody: no list is made for it.
        if (!hasPrice(input.tick)) break;
        for (const bot in state) onTick(state, bot, input.tick, emit);
        break;
      case 'watermark':
        for (const bot in state) {
          const { signal, entryTs } = must(state[bot]);
          if (entryTs > 0 || input.ts <= signal.expires_at) continue;
          delete state[bot];
          emit(signalEnd(signal, signal.expires_at, 'expired', 'no tick came before it expired'));
        }
        break;
    }
  },
};

function take(state: FillsState, signal: Signal, bot: BotControl): void {
  const { quote } = parsePair(signal.symbol);
  const rate = must(
    fxRate(quote, bot.account_currency),
    `a signal of ${signal.symbol} has a rate to ${bot.account_currency}`,
  );
  const { signal_id, prediction_id, model_id, account, venue, symbol, direction } = signal;
  const { size, stop_loss, take_profit, expires_at } = signal;
  state[bot.bot] = {
    signal: {
      signal_id,
      prediction_id,
      model_id,
      bot: bot.bot,
      account,
      venue,
      symbol,
      direction,
      size,
      stop_loss,
      take_profit,
      expires_at,
    },
    effectiveTs: signal.decided_ts + bot.latency_us,
    maxHoldingUs: bot.max_holding_s * US_PER_S,
    feeBps: bot.fee_bps,
    slippageBps: bot.slippage_bps,
    fxRate: rate,
    feeCurrency: quote ?? bot.account_currency,
    entryTs: 0,
  };
}

function onTick(state: FillsState, bot: string, tick: MarketTick, emit: Emit): void {
  const position = must(state[bot]);
  const { signal } = position;
  if (position.entryTs > 0) {
    const exit = findExit(position, tick);
    if (exit === null) return;
    delete state[bot];
    emit(makeFill(position, tick, 'exit', exit));
  } else if (tick.ts > signal.expires_at) {
    delete state[bot];
    emit(signalEnd(signal, signal.expires_at, 'expired', 'no tick came before it expired'));
  } else if (tick.ts > position.effectiveTs) {
    position.entryTs = tick.ts;
    const price = slipped(position, sidePrice(tick, signal.direction), signal.direction);
    emit(makeFill(position, tick, 'entry', { price, orderType: 'market', reason: 'signal' }));
  }
}

interface Exit {
  readonly price: string;
  readonly orderType: Fill['order_type'];
  readonly reason: string;
}

function findExit(position: Position, tick: MarketTick): Exit | null {
  const { signal, entryTs, maxHoldingUs } = position;
  const long = signal.direction === 'buy';
  const side = long ? 'sell' : 'buy';
  const price = sidePrice(tick, side);
  position.stop ??= Number(signal.stop_loss);
  position.target ??= Number(signal.take_profit);
  if (reached(price, position.stop, long)) {
    return { price: slipped(position, price, side), orderType: 'stop', reason: 'stop_loss' };
  }
  if (reached(price, position.target, !long)) {
    return { price: signal.take_profit, orderType: 'limit', reason: 'take_profit' };
  }
  if (tick.ts >= entryTs + maxHoldingUs) {
    return { price: slipped(position, price, side), orderType: 'market', reason: 'expiry' };
  }
  return null;
}

const reached = (price: number, level: number, below: boolean): boolean =>
  below ? price <= level : price >= level;

/** A quote is crossed; a trade's price is what it is. */
function sidePrice(tick: MarketTick, side: Side): number {
  if (tick.kind === 'trade') return tick.price;
  return side === 'buy' ? tick.ask : tick.bid;
}

/** Worse by the slippage, and rounded against us. */
function slipped({ slippageBps }: Position, price: number, side: Side): string {
  if (slippageBps === 0) return new Exact(price).toFixed();
  const factor = new Exact(slippageBps).div(10_000);
  const moved = new Exact(price).times(side === 'buy' ? factor.plus(1) : factor.neg().plus(1));
  return priceText(moved, priceDecimals(price), side === 'buy' ? 'up' : 'down');
}

function makeFill(
  { signal, feeBps, fxRate: rate, feeCurrency }: Position,
  tick: MarketTick,
  intent: 'entry' | 'exit',
  { price, orderType, reason }: Exit,
): Fill {
  const opposite = signal.direction === 'buy' ? 'sell' : 'buy';
  const fee = new Exact(price).times(signal.size).times(feeBps).div(10_000);
  const orderId = `${signal.signal_id}-${intent}`;
  return {
    kind: 'fill',
    fill_id: `${orderId}-1`,
    order_id: orderId,
    trade_id: `t-${signal.signal_id}`,
    signal_id: signal.signal_id,
    prediction_id: signal.prediction_id,
    model_id: signal.model_id,
    bot: signal.bot,
    account: signal.account,
    venue: signal.venue,
    symbol: signal.symbol,
    ts: tick.ts,
    intent,
    side: intent === 'entry' ? signal.direction : opposite,
    order_type: orderType,
    price,
    size: signal.size,
    fee: fee.toDecimalPlaces(8, Exact.ROUND_UP).toFixed(),
    fee_currency: feeCurrency,
    fx_rate: rate,
    liquidity: orderType === 'limit' ? 'maker' : 'taker',
    mode: 'paper',
    reason,
  };
}

const signalEnd = (
  { signal_id, venue, symbol }: Pick<Signal, 'signal_id' | 'venue' | 'symbol'>,
  ts: number,
  state: SignalEnd['state'],
  reason: string,
): SignalEnd => ({ kind: 'signal_end', signal_id, venue, symbol, ts, state, reason });
