import { describe, expect, test } from 'vitest';
import { signals, type SignalsIn, type SignalsState } from '../../../pipelines/stream/signals.ts';
import { US_PER_HOUR, US_PER_S } from '../../../src/domain/time.ts';
import type { Prediction, Refusal, Signal } from '../../../src/domain/wire.ts';
import { controlBot, paperBot } from '../../../src/app/seed.ts';

const DECIDED = 12 * US_PER_S;
const installed = { labelSpec: 'direction_1h@1', horizonUs: US_PER_HOUR, orderLatencyUs: 250_000 };
/** As in records from before bots said on whom they act. */
const { acts_on: _champions, ...any } = paperBot(installed);
const bot = {
  ...any,
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

const CHAMPION = { passed: true, since: null };

function runSignals(
  more: Partial<SignalsIn> = {},
  predicted: Partial<Prediction> = {},
  state: SignalsState = {},
): (Signal | Refusal)[] {
  const out: (Signal | Refusal)[] = [];
  const input: SignalsIn = {
    moment: { decidedTs: DECIDED, knownAt: DECIDED + 5 },
    prediction: { ...prediction, ...predicted },
    atr: 0.5,
    close: 100,
    indicators: {},
    bots: [bot],
    champion: CHAMPION,
    clockUs: DECIDED,
    flat: () => true,
    halted: () => false,
    ...more,
  };
  signals.step(state, input, (signal) => out.push(signal));
  return out;
}

const makeSignals = (
  more: Partial<SignalsIn> = {},
  predicted: Partial<Prediction> = {},
): Signal[] => runSignals(more, predicted).filter((out) => out.kind === 'signal');

describe('signals', () => {
  test('go with the prediction, stop and target by the true range on their sides', () => {
    expect(makeSignals()).toMatchObject([
      { direction: 'buy', stop_loss: '99.5', take_profit: '101', risk_reward: '2' },
    ]);
    expect(makeSignals({}, { probability_up: 0.3 })).toMatchObject([
      { direction: 'sell', stop_loss: '100.5', take_profit: '99' },
    ]);
    expect(makeSignals()).toMatchObject([
      { decided_ts: DECIDED, known_at: DECIDED + 5, expires_at: DECIDED + 300 * US_PER_S },
    ]);
  });

  test('do not come while the account is halted', () => {
    const queried: unknown[] = [];
    const halted = (account: string, ts: number): boolean => queried.push([account, ts]) > 0;
    expect(makeSignals({ halted })).toEqual([]);
    expect(queried).toEqual([[bot.account, DECIDED]]);
  });

  test('do not come while the bot holds something', () => {
    expect(makeSignals({ flat: (name) => name !== bot.bot })).toEqual([]);
  });

  test('of a model need its confidence, those of the baseline none', () => {
    for (const probability_up of [0.55, 0.45]) {
      expect(makeSignals({}, { probability_up })).toEqual([]);
      expect(makeSignals({ champion: null }, { probability_up })).toHaveLength(1);
    }
    expect(makeSignals({}, { probability_up: 0.4 })).toHaveLength(1);
  });

  describe('of a champion that is young', () => {
    const young = { ...bot, young_s: 600, young_min_confidence: 0.65 };
    const aged = (ageUs: number, probability_up: number, of = young): Signal[] =>
      makeSignals(
        { bots: [of], champion: { passed: true, since: DECIDED - ageUs } },
        { probability_up },
      );
    const limit = 600 * US_PER_S;

    test('need more confidence, until it is exactly as old as that', () => {
      for (const probability_up of [0.64, 0.36]) {
        for (const ageUs of [0, limit - 1]) expect(aged(ageUs, probability_up)).toEqual([]);
        for (const ageUs of [limit, 9 * limit]) expect(aged(ageUs, probability_up)).toHaveLength(1);
      }
      for (const probability_up of [0.65, 0.35]) {
        expect(aged(0, probability_up)).toHaveLength(1);
      }
    });

    test('say so in their reason, those of others say what they always said', () => {
      const [fromYoung] = aged(limit - 1, 0.66);
      const [usual] = makeSignals({}, { probability_up: 0.66 });
      expect(fromYoung?.reason).toBe(
        `${usual?.reason}; in force for less than 10 min, so 65.0 % were needed`,
      );
      expect({ ...fromYoung, reason: usual?.reason }).toEqual(usual);
      expect(aged(limit, 0.66)).toEqual([usual]);
      expect(aged(0, 0.66, { ...young, young_min_confidence: 0.6 })).toEqual([usual]);
    });

    test('need what all need where nothing is set, or nobody knows since when it holds', () => {
      expect(aged(0, 0.6, bot as typeof young)).toEqual(makeSignals({}, { probability_up: 0.6 }));
      expect(aged(0, 0.6, { ...young, young_s: 0 })).toHaveLength(1);
      expect(makeSignals({ bots: [young], champion: CHAMPION }, { probability_up: 0.6 })).toEqual(
        makeSignals({}, { probability_up: 0.6 }),
      );
    });

    test('never need less than others, whatever a record says', () => {
      expect(aged(0, 0.58, { ...young, young_min_confidence: 0.5 })).toEqual([]);
    });

    test('leave the baseline as it was', () => {
      const [of, usual] = [{ champion: null }, { probability_up: 0.51 }];
      const more = { bots: [young] };
      expect(makeSignals({ ...of, ...more }, usual)).toEqual(makeSignals(of, usual));
      expect(makeSignals({ ...of, ...more }, usual)).toHaveLength(1);
    });
  });

  test('come of the champion alone, and only of sound predictions', () => {
    expect(makeSignals({}, { slot: 'm1' })).toEqual([]);
    for (const verdict of ['outlier', 'expired', 'warming_up'] as const) {
      expect(makeSignals({}, { verdict })).toEqual([]);
    }
    expect(makeSignals({}, { probability_up: 0.5 })).toEqual([]);
    for (const atr of [null, 0, NaN]) expect(makeSignals({ atr })).toEqual([]);
    expect(makeSignals({}, { label_spec: 'direction_4h@1' })).toEqual([]);
  });
});

describe('who trades', () => {
  const [champions, group] = [paperBot(installed), controlBot(installed)];
  const sure = { probability_up: 0.7 };
  const actingBots = (more: Partial<SignalsIn>): string[] =>
    makeSignals({ bots: [champions, group], ...more }, sure).map((of) => `${of.bot} ${of.account}`);

  test('a bot for champions leaves the baseline to the control group, and the reverse', () => {
    expect(actingBots({})).toEqual(['paper paper']);
    expect(actingBots({ champion: null })).toEqual(['control control-group']);
    expect(makeSignals({ bots: [bot], champion: null }, sure)).toHaveLength(1);
  });

  test('a champion put in by force is traded by no bot for champions, and that is told', () => {
    const more = { bots: [champions, group], champion: { passed: false, since: null } };
    expect(runSignals(more, sure)).toMatchObject([
      {
        ...{ kind: 'refusal', bot: 'paper', account: 'paper', cause: 'not_passed' },
        ...{ reason: 'm1 has not passed the gate', decisions: 1 },
      },
    ]);
    expect(makeSignals({ ...more, bots: [bot] }, sure), 'an older record acts on all').toHaveLength(
      1,
    );
  });

  test('decisions far behind the clock of the log are booked in the account of replays', () => {
    const limit = 30 * 86_400 * US_PER_S;
    const at = (clockUs: number): string[] => actingBots({ clockUs });
    expect(at(DECIDED + limit)).toEqual(['paper paper']);
    expect(at(DECIDED + limit + 1)).toEqual(['paper replay']);
    expect(actingBots({ clockUs: 1e15, champion: null })).toEqual(['control control-group-replay']);
    const halted = (account: string): boolean => account === 'replay';
    expect(actingBots({ clockUs: 1e15, halted }), 'its own halts').toEqual([]);
    expect(actingBots({ halted })).toHaveLength(1);
  });

  test('a missing rate is told once, and then at most once an hour, with the count', () => {
    const state: SignalsState = {};
    const refusals: Refusal[] = [];
    for (let minute = 0; minute < 8_000; minute++) {
      const decided_ts = DECIDED + minute * 60 * US_PER_S;
      const predicted = { ...sure, symbol: 'EUR/JPY', decided_ts };
      for (const out of runSignals({ bots: [champions] }, predicted, state)) {
        expect(out.kind).toBe('refusal');
        refusals.push(out as Refusal);
      }
    }
    expect(new Set(refusals.map(({ refusal_id: id }) => id)).size).toBe(refusals.length);
    expect(refusals[0]).toEqual({
      refusal_id: expect.stringMatching(/^EUR-JPY_19700101_000012_[0-9a-f]{8}$/),
      ...{ kind: 'refusal', bot: 'paper', account: 'paper', venue: 'v', symbol: 'EUR/JPY' },
      ...{ cause: 'no_rate', reason: "no rate from JPY to the account's USD" },
      ...{ first_ts: DECIDED, last_ts: DECIDED, decisions: 1 },
    });
    expect(refusals).toHaveLength(Math.ceil(8_000 / 60));
    expect(refusals.at(-1)).toMatchObject({ first_ts: DECIDED, decisions: 7_981 });
  });

  test('what a bot would not have traded anyway counts as no refusal', () => {
    const yen = { ...sure, symbol: 'EUR/JPY' };
    const of = (more: Partial<SignalsIn>, predicted = yen): unknown[] =>
      runSignals({ bots: [champions], ...more }, predicted);
    expect(of({})).toHaveLength(1);
    expect(of({ flat: () => false })).toEqual([]);
    expect(of({ halted: () => true })).toEqual([]);
    expect(of({ champion: null })).toEqual([]);
    expect(of({}, { ...yen, probability_up: 0.51 })).toEqual([]);
  });
});
