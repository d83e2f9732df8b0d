import { describe, expect, test } from 'vitest';
import {
  BASELINE_MODEL_ID,
  predictions,
  type ModelInForce,
  type PredictionsIn,
} from '../../../pipelines/stream/predictions.ts';
import { trainingSet } from '../../../src/learning/training-set.ts';
import { US_PER_HOUR, US_PER_MIN } from '../../../src/domain/time.ts';
import type { Feature, Prediction } from '../../../src/domain/wire.ts';
import type { ModelManifest } from '../../../src/learning/artefact.ts';

const LABEL_SPEC = 'direction_1h@1';
const operator = predictions(US_PER_HOUR);

const featureAt = (ts: number): Feature => ({
  kind: 'feature',
  feature_id: `f${ts}`,
  feature_set: 's',
  venue: 'v',
  symbol: 'A/USD',
  ts,
  decided_ts: ts + 2,
  known_at: ts + 3,
  candles: [],
  values: {},
  flags: [],
});

const modelInForce = (modelId: string, slot: string, expiresTs = Infinity): ModelInForce => ({
  control: {
    venue: 'v',
    symbol: 'A/USD',
    label_spec: LABEL_SPEC,
    slot,
    model_id: modelId,
    sha256: '',
    state: slot === 'champion' ? 'champion' : 'shadow',
  },
  model: {
    manifest: {} as ModelManifest,
    expiresTs,
    predict: ([first]) => ({
      probabilityUp: first ?? 0,
      expectedReturn: 0.01,
      outlier: first === 0.9,
    }),
  },
});

function predicted(more: Partial<PredictionsIn>, state = operator.initial()): Prediction[] {
  const out: Prediction[] = [];
  const input: PredictionsIn = {
    feature: featureAt(US_PER_HOUR),
    vector: [0.6],
    close: 100,
    labelSpec: LABEL_SPEC,
    champion: null,
    shadows: [],
    ...more,
  };
  operator.step(state, input, (prediction) => out.push(prediction));
  return out;
}

describe('predictions', () => {
  test('are those of the baseline until a champion is in force, and of every shadow', () => {
    const shadow = modelInForce('new', 'new');
    expect(predicted({ shadows: [shadow] })).toMatchObject([
      { model_id: BASELINE_MODEL_ID, slot: 'champion', verdict: 'warming_up' },
      { model_id: 'new', slot: 'new', probability_up: 0.6 },
    ]);
    expect(
      predicted({ champion: modelInForce('old', 'champion'), shadows: [shadow] }),
    ).toMatchObject([
      { model_id: 'old', slot: 'champion', probability_up: 0.6, horizon_s: 3600 },
      { model_id: 'new', slot: 'new' },
    ]);
  });

  test('of a model behind its expiry say so', () => {
    const { decided_ts } = featureAt(US_PER_HOUR);
    const verdictFor = (expiresTs: number): unknown =>
      predicted({ champion: modelInForce('m', 'champion', expiresTs) })[0]?.verdict;
    expect([verdictFor(decided_ts), verdictFor(decided_ts - 1)]).toEqual(['ok', 'expired']);
  });

  test('of a row unlike the training say so', () => {
    const champion = modelInForce('m', 'champion');
    expect(predicted({ champion, vector: [0.9] })).toMatchObject([{ verdict: 'outlier' }]);
  });

  test('of a row that lacks features say so, by the rule that keeps it out of training', () => {
    const champion = modelInForce('m', 'champion');
    const verdictFor = (nulls: number): unknown => {
      const vector = [0.6, ...Array.from({ length: 19 }, (_, i) => (i < nulls ? null : 1))];
      const row = { ts: 1, decided_ts: 2, values: vector };
      const outcome = { ts: 1, state: 'matured', void_reason: null, exit_ts: 3 } as const;
      const trained = trainingSet([row], [{ ...outcome, up: 1, forward_return: 0.1 }], []);
      const [prediction] = predicted({ champion, vector });
      return [prediction?.verdict, trained.excluded];
    };
    expect(verdictFor(7)).toEqual(['ok', {}]);
    expect(verdictFor(8)).toEqual(['warming_up', { warming_up: 1 }]);
  });

  test('keep the baseline learning, whoever is champion', () => {
    const [under, alone] = [operator.initial(), operator.initial()];
    for (let i = 0; i < 300; i++) {
      const at = { feature: featureAt(i * US_PER_MIN), close: 100 + Math.sin(i) };
      predicted(at, alone);
      predicted({ ...at, champion: modelInForce('m', 'champion') }, under);
    }
    expect(under).toEqual(alone);
    expect(under.matured).toBeGreaterThan(200);
  });

  test('of the baseline say that it warms up wherever it has nothing but one half', () => {
    const state = operator.initial();
    const predictAt = (at: number, close: number): Prediction | undefined =>
      predicted({ feature: featureAt(at * US_PER_MIN), close }, state)[0];
    const before = Array.from({ length: 300 }, (_, i) => predictAt(i, 100 + Math.sin(i)));
    expect(state.matured).toBeGreaterThan(200);
    expect(before.at(-1)).toMatchObject({ verdict: 'ok' });
    // A gap of three hours: what was learnt stays, the history of the features is gone.
    const behind = Array.from({ length: 30 }, (_, i) => predictAt(480 + i, 100 + Math.sin(i)));
    const verdicts = behind.map((each) => each?.verdict);
    const first = verdicts.indexOf('ok');
    expect(first).toBe(15);
    expect(verdicts.slice(0, first)).toEqual(Array(15).fill('warming_up'));
    for (const each of [...before, ...behind]) {
      expect(each?.verdict === 'warming_up').toBe(each?.probability_up === 0.5);
    }
    // A price that is none empties the history as a gap does.
    expect(predictAt(511, -1)).toMatchObject({ verdict: 'warming_up', probability_up: 0.5 });
  });
});
