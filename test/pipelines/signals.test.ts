import { describe, expect, test } from 'vitest';
import { signals, type SignalsIn } from '../../pipelines/signals.ts';
import { US_PER_HOUR, US_PER_S } from '../../src/domain/time.ts';
import type { Prediction, Signal } from '../../src/domain/wire.ts';
import { paperBot } from '../../src/processes/seed.ts';

const DECIDED = 12 * US_PER_S;
const bot = {
  ...paperBot({ labelSpec: 'direction_1h@1', horizonUs: US_PER_HOUR, orderLatencyUs: 250_000 }),
  min_confidence: 0.6,
  stop_atr: 1,
  target_atr: 2,
  expiry_s: 300,
};

const prediction: Prediction = {
  kind: 'prediction',
  prediction_id: 'p1',
  feature_id: 'f1',
  model_id: 'm1',
  label_spec: 'direction_1h@1',
  slot: 'champion',
  venue: 'v',
  symbol: 'A/USD',
  ts: 10 * US_PER_S,
  decided_ts: DECIDED,
  known_at: DECIDED + 5,
  horizon_s: 3600,
  probability_up: 0.7,
  expected_return: 0.001,
  close: 100,
  verdict: 'ok',
};

function signalsOf(more: Partial<SignalsIn> = {}, predicted: Partial<Prediction> = {}): Signal[] {
  const out: Signal[] = [];
  const input: SignalsIn = {
    moment: { decidedTs: DECIDED, knownAt: DECIDED + 5 },
    prediction: { ...prediction, ...predicted },
    atr: 0.5,
    close: 100,
    indicators: {},
    bots: [bot],
    isBaseline: false,
    flat: () => true,
    halted: () => false,
    ...more,
  };
  signals.step({}, input, (signal) => out.push(signal));
  return out;
}

describe('signals', () => {
  test('go with the prediction, stop and target by the true range on their sides', () => {
    expect(signalsOf()).toMatchObject([
      { direction: 'buy', stop_loss: '99.5', take_profit: '101', risk_reward: '2' },
    ]);
    expect(signalsOf({}, { probability_up: 0.3 })).toMatchObject([
      { direction: 'sell', stop_loss: '100.5', take_profit: '99' },
    ]);
    expect(signalsOf()).toMatchObject([
      { decided_ts: DECIDED, known_at: DECIDED + 5, expires_at: DECIDED + 300 * US_PER_S },
    ]);
  });

  test('do not come while the account is halted', () => {
    const asked: unknown[] = [];
    const halted = (account: string, ts: number): boolean => asked.push([account, ts]) > 0;
    expect(signalsOf({ halted })).toEqual([]);
    expect(asked).toEqual([[bot.account, DECIDED]]);
  });

  test('do not come while the bot holds something', () => {
    expect(signalsOf({ flat: (name) => name !== bot.bot })).toEqual([]);
  });

  test('of a model need its confidence, those of the baseline none', () => {
    for (const probability_up of [0.55, 0.45]) {
      expect(signalsOf({}, { probability_up })).toEqual([]);
      expect(signalsOf({ isBaseline: true }, { probability_up })).toHaveLength(1);
    }
    expect(signalsOf({}, { probability_up: 0.4 })).toHaveLength(1);
  });

  test('come of the champion alone, and only of sound predictions', () => {
    expect(signalsOf({}, { slot: 'm1' })).toEqual([]);
    for (const verdict of ['outlier', 'expired', 'warming_up'] as const) {
      expect(signalsOf({}, { verdict })).toEqual([]);
    }
    expect(signalsOf({}, { probability_up: 0.5 })).toEqual([]);
    for (const atr of [null, 0, NaN]) expect(signalsOf({ atr })).toEqual([]);
    expect(signalsOf({}, { label_spec: 'direction_4h@1' })).toEqual([]);
  });
});
