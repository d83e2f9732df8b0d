import { describe, expect, test } from 'vitest';
import { fills, isFlat, type FillsIn, type FillsState } from '../../../pipelines/stream/fills.ts';
import { toMarketTick } from '../../../src/domain/tick.ts';
import type { Fill, Signal, SignalEnd } from '../../../src/domain/wire.ts';
import { paperBot } from '../../../src/app/seed.ts';

const S = 1_000_000;
const moment = { decidedTs: 0, knownAt: 0 };
const bot = {
  ...paperBot({ labelSpec: 'direction_1h@1', horizonUs: 3600 * S, orderLatencyUs: 250_000 }),
  slippage_bps: 0,
  fee_bps: 1,
};

const signal: Signal = {
  kind: 'signal',
  signal_id: 's1',
  prediction_id: 'p1',
  feature_id: 'f1',
  model_id: 'm1',
  bot: 'paper',
  account: 'paper',
  strategy: 'direction',
  timeframe: '1m',
  venue: 'v',
  symbol: 'A/USD',
  ts: 0,
  decided_ts: 10 * S,
  known_at: 10 * S,
  direction: 'buy',
  entry: '100',
  stop_loss: '99',
  take_profit: '102',
  risk_reward: '2',
  size: '3',
  confidence: 0.6,
  expires_at: 310 * S,
  reason: '',
  indicators: {},
};

const taken: FillsIn = { type: 'signal', signal, bot, moment };
const trade = (ts: number, price: number): FillsIn => ({
  type: 'ordered',
  tick: toMarketTick({
    kind: 'trade',
    venue: 'v',
    symbol: 'A/USD',
    id: `${ts}`,
    ts,
    price,
    size: 1,
  }),
  moment,
});
const quote = (ts: number, bid: number, ask: number): FillsIn => ({
  type: 'ordered',
  tick: toMarketTick({ kind: 'quote', venue: 'v', symbol: 'A/USD', id: `${ts}`, ts, bid, ask }),
  moment,
});

function run(...inputs: FillsIn[]): { out: (Fill | SignalEnd)[]; state: FillsState } {
  const out: (Fill | SignalEnd)[] = [];
  let state = fills.initial();
  for (const input of inputs) {
    // A restart between any two inputs changes nothing.
    state = structuredClone(state);
    fills.step(state, input, (o) => out.push(o));
  }
  return { out, state };
}

describe('fills', () => {
  test('a quote of one side fills no order and closes no position', () => {
    const half = (ts: number, side: { bid?: number; ask?: number }): FillsIn => ({
      type: 'ordered',
      tick: toMarketTick({ kind: 'quote', venue: 'v', symbol: 'A/USD', id: 'h', ts, ...side }),
      moment,
    });
    const { out } = run(
      taken,
      half(11 * S, { ask: 100 }),
      quote(12 * S, 99.9, 100.1),
      half(13 * S, { bid: 98 }),
      half(14 * S, { ask: 98 }),
      quote(15 * S, 98.5, 98.6),
    );
    expect(out).toMatchObject([
      { intent: 'entry', ts: 12 * S, price: '100.1' },
      { intent: 'exit', ts: 15 * S, price: '98.5', reason: 'stop_loss' },
    ]);
  });

  test('an order fills at the first tick strictly behind its latency', () => {
    const { out } = run(
      taken,
      trade(10.25 * S, 100),
      trade(10.25 * S + 1, 101),
      trade(11 * S, 101.5),
    );
    expect(out).toMatchObject([
      {
        kind: 'fill',
        intent: 'entry',
        price: '101',
        ts: 10.25 * S + 1,
        fee: '0.0303',
        side: 'buy',
      },
    ]);
  });

  test('quotes are crossed: bought at the ask, sold at the bid', () => {
    const { out } = run(taken, quote(11 * S, 99.9, 100.1), quote(12 * S, 102, 102.2));
    expect(out).toMatchObject([
      { price: '100.1' },
      { price: '102', reason: 'take_profit', order_type: 'limit', liquidity: 'maker' },
    ]);
  });

  test('a stop fills at the price that reached it, worse on a gap', () => {
    const { out, state } = run(taken, trade(11 * S, 100), trade(12 * S, 97));
    expect(out[1]).toMatchObject({
      intent: 'exit',
      side: 'sell',
      price: '97',
      reason: 'stop_loss',
    });
    expect(isFlat(state, 'paper')).toBe(true);
  });

  test('a target fills at the target, also when the price jumps beyond it', () => {
    const { out } = run(taken, trade(11 * S, 100), trade(12 * S, 110));
    expect(out[1]).toMatchObject({ price: '102', reason: 'take_profit' });
  });

  test('a position is closed at the end of its longest holding time, not before', () => {
    const end = 11 * S + bot.max_holding_s * S;
    const { out } = run(taken, trade(11 * S, 100), trade(end - 1, 100.5), trade(end, 100.6));
    expect(out[1]).toMatchObject({ ts: end, price: '100.6', reason: 'expiry' });
  });

  test('the tick that fills an entry does not close it', () => {
    const { out } = run(taken, trade(11 * S, 90));
    expect(out).toHaveLength(1);
  });

  test('a signal without a tick until it expires ends as expired, by tick or by watermark', () => {
    const late = run(taken, trade(311 * S, 100));
    const quiet = run(taken, { type: 'watermark', ts: 310 * S + 1, moment });
    for (const { out, state } of [late, quiet]) {
      expect(out).toMatchObject([{ kind: 'signal_end', state: 'expired', ts: 310 * S }]);
      expect(isFlat(state, 'paper')).toBe(true);
    }
    expect(run(taken, { type: 'watermark', ts: 310 * S, moment }).out).toEqual([]);
  });

  test('slippage makes every market price worse, never better', () => {
    const slipping: FillsIn = { type: 'signal', signal, bot: { ...bot, slippage_bps: 1 }, moment };
    const { out } = run(slipping, trade(11 * S, 100), trade(12 * S, 98));
    expect(out.map((fill) => (fill as Fill).price)).toEqual(['100.01', '97.9902']);
  });

  test('a signal whose quote currency nobody converts has been stopped before', () => {
    const foreign: FillsIn = { ...taken, signal: { ...signal, symbol: 'A/JPY' } };
    expect(() => run(foreign)).toThrow('a signal of A/JPY has a rate to USD');
  });
});
