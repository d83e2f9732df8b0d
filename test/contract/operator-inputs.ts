/** Drawn inputs for the operators of the stream, and the same time with another content. */
import fc from 'fast-check';
import type { CandlesIn } from '../../pipelines/stream/candles.ts';
import type { FeaturesIn } from '../../pipelines/stream/features.ts';
import type { FillsIn } from '../../pipelines/stream/fills.ts';
import type { Arrival } from '../../pipelines/stream/ingest.ts';
import type { PredictionsIn } from '../../pipelines/stream/predictions.ts';
import type { SignalsIn } from '../../pipelines/stream/signals.ts';
import { paperBot } from '../../src/app/seed.ts';
import { quoteTick, tradeTick, type MarketTick } from '../../src/domain/tick.ts';
import { US_PER_HOUR, US_PER_MIN, US_PER_S } from '../../src/domain/time.ts';
import type { Feature, Prediction, Signal } from '../../src/domain/wire.ts';
import { drawnMarket, type Moment } from '../features/drawn-market.ts';

const LABEL_SPEC = 'direction_1h@1';
const BOT = {
  ...paperBot({ labelSpec: LABEL_SPEC, horizonUs: US_PER_HOUR, orderLatencyUs: 250_000 }),
  acts_on: 'champions',
  min_confidence: 0.55,
} as const;
const OF = { venue: 'v', symbol: 'A/USD' } as const;
const START_TS = 1_000 * US_PER_HOUR;

interface Step {
  readonly tenths: number;
  readonly cents: number;
  readonly milli: number;
  readonly buys: boolean;
  readonly quotes: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  tenths: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 900 })),
  cents: fc.integer({ min: -80, max: 80 }),
  milli: fc.integer({ min: 1, max: 5_000 }),
  buys: fc.boolean(),
  quotes: fc.boolean(),
});

function toTicks(steps: readonly Step[]): MarketTick[] {
  let [ts, cents] = [START_TS, 10_000];
  return steps.map(({ tenths, cents: move, milli, buys, quotes }, i) => {
    ts += (tenths * US_PER_S) / 10;
    cents = Math.max(100, cents + move);
    const [price, id] = [cents / 100, String(i)];
    if (quotes) return quoteTick(ts, id, price - 0.01, price + 0.01, 1, milli / 1_000);
    return tradeTick(ts, id, price, milli / 1_000, buys ? 'buy' : 'sell');
  });
}

export const ticks = fc.array(step, { maxLength: 120 }).map(toTicks);

/** A trade or quote every six seconds; nothing is drawn, and it is the same always. */
export const longTicks = (count: number): MarketTick[] =>
  toTicks(
    Array.from({ length: count }, (_, i) => ({
      tenths: 60,
      cents: ((i * 7_919) % 41) - 20,
      milli: 1 + ((i * 31) % 997),
      buys: i % 3 === 0,
      quotes: i % 4 === 0,
    })),
  );

export function changedTick(tick: MarketTick): MarketTick {
  const { ts, id, price, size, side, bid, ask, bidSize } = tick;
  if (tick.kind === 'quote') return quoteTick(ts, id, bid * 1.1, ask * 1.2, bidSize, 7);
  return tradeTick(ts, id, price * 1.1, size * 2, side);
}

export const makeArrival = (tick: Arrival['tick'], lateUs = 0): Arrival => ({
  tick,
  recordUs: tick.ts + lateUs,
  clockUs: tick.ts + lateUs,
  judgedByUs: tick.ts + lateUs,
  barrierUs: 0,
  latenessUs: 2 * US_PER_S,
  contiguousTradeIds: true,
});

/** Late, twice, and with heartbeats between. */
export const arrivals: fc.Arbitrary<Arrival[]> = fc
  .tuple(ticks, fc.infiniteStream(fc.integer({ min: 0, max: 40 })))
  .map(([inOrder, drawn]) =>
    inOrder
      .flatMap((tick) => {
        const n = drawn.next().value ?? 0;
        const lateUs = (n * US_PER_S) / 10;
        const arrival = makeArrival(tick, lateUs);
        if (n % 8 === 0) return [arrival, makeArrival(tick, lateUs + 1)];
        if (n % 8 === 1)
          return [arrival, makeArrival({ kind: 'heartbeat', ts: tick.ts + US_PER_S })];
        return [arrival];
      })
      .toSorted((a, b) => a.recordUs - b.recordUs),
  );

export const candlesInputs = (tick: MarketTick, n: number): CandlesIn[] => {
  const moment = { decidedTs: tick.ts, knownAt: tick.ts };
  const ordered = { type: 'ordered', tick, moment } as const;
  if (n % 9 === 0) return [{ type: 'gap', moment }, ordered];
  return n % 5 === 0 ? [ordered, { type: 'watermark', ts: tick.ts, moment }] : [ordered];
};

export const featuresInput = ({ endTs, closes }: Moment): FeaturesIn => ({
  ...OF,
  closing: { endTs, candles: closes, moment: { decidedTs: endTs + 1, knownAt: endTs + 2 } },
});

export const closings = fc
  .record({
    minutes: fc.integer({ min: 1, max: 45 }),
    seed: fc.nat(),
    source: fc.constantFrom('trades' as const, 'quotes' as const),
  })
  .map(({ minutes, seed, source }) => drawnMarket(minutes, seed, source).map(featuresInput));

export function changedClosing({ closing, ...of }: FeaturesIn): FeaturesIn {
  const candles = closing.candles.map((candle) => ({ ...candle, close: candle.close * 1.1 }));
  return { ...of, closing: { ...closing, candles } };
}

export function predictionsInput(minute: number, close: number): PredictionsIn {
  const ts = START_TS + minute * US_PER_MIN;
  const feature: Feature = {
    kind: 'feature',
    feature_id: `f${ts}`,
    feature_set: 's',
    ...OF,
    ts,
    decided_ts: ts + 2,
    known_at: ts + 3,
    candles: [],
    values: {},
    flags: [],
  };
  return { feature, vector: [], close, labelSpec: LABEL_SPEC, champion: null, shadows: [] };
}

const makePrediction = (minute: number, percent: number): Prediction => ({
  kind: 'prediction',
  prediction_id: `p${minute}`,
  feature_id: `f${minute}`,
  model_id: 'm1',
  label_spec: LABEL_SPEC,
  slot: 'champion',
  ...OF,
  ts: START_TS + minute * US_PER_MIN,
  decided_ts: START_TS + minute * US_PER_MIN + 2,
  known_at: START_TS + minute * US_PER_MIN + 3,
  horizon_s: 3_600,
  probability_up: percent / 100,
  expected_return: 0,
  close: 100,
  verdict: 'ok',
});

/** `n` says whether the bot is flat and halted, and whether its model passed the gate. */
export function signalsInput(minute: number, percent: number, n: number): SignalsIn {
  const prediction = makePrediction(minute, percent);
  return {
    moment: { decidedTs: prediction.decided_ts, knownAt: prediction.known_at },
    prediction,
    atr: n % 7 === 0 ? null : 0.5,
    close: 100,
    indicators: { rsi_14_1m: percent },
    bots: [BOT],
    champion: { passed: n % 3 !== 0, since: START_TS },
    clockUs: prediction.decided_ts,
    flat: () => n % 5 !== 0,
    halted: () => n % 6 === 0,
  };
}

const makeSignal = (ts: number, price: number): Signal => ({
  kind: 'signal',
  signal_id: `s${ts}`,
  prediction_id: 'p1',
  feature_id: 'f1',
  model_id: 'm1',
  bot: BOT.bot,
  account: BOT.account,
  strategy: 'direction',
  timeframe: '1m',
  ...OF,
  ts,
  decided_ts: ts,
  known_at: ts,
  direction: 'buy',
  entry: String(price),
  stop_loss: String(price - 0.5),
  take_profit: String(price + 0.5),
  risk_reward: '1',
  size: '1',
  confidence: 0.6,
  expires_at: ts + 30 * US_PER_S,
  reason: '',
  indicators: {},
});

/** A signal now and then; the ticks between them fill and close it, or it expires. */
export function fillsInputs(tick: MarketTick, n: number): FillsIn[] {
  const { ts } = tick;
  const moment = { decidedTs: ts, knownAt: ts };
  const taken: FillsIn[] = [
    { type: 'ordered', tick, moment },
    { type: 'watermark', ts, moment },
  ];
  if (n % 10 !== 0) return taken;
  return [...taken, { type: 'signal', signal: makeSignal(ts, tick.price), bot: BOT, moment }];
}
