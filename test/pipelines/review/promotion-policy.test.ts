import { describe, expect, test } from 'vitest';
import {
  reviewModels,
  type Finding,
  type LiveOutcome,
  type ReviewInput,
  type SlotHistory,
} from '../../../pipelines/review/promotion-policy.ts';
import { US_PER_DAY, US_PER_HOUR, US_PER_MIN } from '../../../src/domain/time.ts';
import type { KnownModel, ModelState } from '../../../src/learning/model-change.ts';
import { gaussian, seededRandom } from '../../../src/random.ts';

const SPEC = 'direction_1h@1';
const FROM = 1_000 * US_PER_DAY;
const DAYS = 3;

/** Decisions each minute, outcomes over an hour with a drift that `knows` shares in. */
function drawnMarket(seed: number): { up: (0 | 1)[]; drift: number[] } {
  const random = seededRandom(seed);
  const minutes = DAYS * 1440;
  const drift: number[] = [];
  let view = 0;
  const log = new Float64Array(minutes + 61);
  for (let i = 0; i < minutes + 60; i++) {
    view = 0.99 * view + 0.14 * gaussian(random);
    drift.push(view);
    log[i + 1] = log[i]! + 0.3 * view + gaussian(random);
  }
  const up = Array.from({ length: minutes }, (_, i) => (log[i + 60]! > log[i]! ? 1 : 0));
  return { up, drift };
}

const { up, drift } = drawnMarket(5);

/**
 * What a model of some knowledge says: 1 sees the drift, 0 nothing, -1 takes it for its opposite.
 */
const predictions = (modelId: string, knows: number, verdict = 'ok'): LiveOutcome[] =>
  up.map((outcome, i) => ({
    ...{ ts: FROM + i * US_PER_MIN, decidedTs: FROM + i * US_PER_MIN + 2, modelId, verdict },
    ...{ probabilityUp: 0.5 + 0.25 * knows * Math.tanh(drift[i]!), expectedReturn: 0 },
    ...{ up: outcome, forwardReturn: outcome === 1 ? 0.01 : -0.01 },
  }));

const slot = (outcomes: readonly LiveOutcome[], fromTs = FROM): SlotHistory => ({
  ...{ fromTs, baseProbability: 0.5, outcomes },
});

const model = (
  modelId: string,
  state: ModelState,
  expiresTs: number | null = null,
): KnownModel => ({
  ...{ modelId, state, sha256: '', passed: true, failed: [], replaced: null, changedBy: null },
  expiresTs,
});

const review = (models: KnownModel[], more: Partial<ReviewInput>): readonly Finding[] =>
  reviewModels({
    registry: {
      ...{ market: { venue: 'v', symbol: 's', labelSpec: SPEC }, models, atTs: FROM },
    },
    ...{ labelSpec: SPEC, atTs: FROM + DAYS * US_PER_DAY, seed: 1, rolledBackTs: null },
    ...{ champion: slot(predictions('baseline@1', 0)), shadow: null },
    ...more,
  });

const listRequests = (findings: readonly Finding[]): unknown[] =>
  findings.map(({ request }) => request?.action ?? null);

const SHADOW = [model('new', 'shadow')];

describe('a shadow', () => {
  test('that knows more than who decides, on the same rows, is promoted', () => {
    const [finding] = review(SHADOW, { shadow: slot(predictions('new', 1)) });
    expect(finding?.request).toEqual({ action: 'promote', modelId: 'new', force: false });
    const statistics = finding?.verdict?.comparisons ?? [];
    expect(statistics.map(({ reference }) => reference)).toEqual(['champion', 'base_rate']);
    for (const { p_value: p, t, gain_low: low, blocks, rows } of statistics) {
      expect({ rows, blocks }).toEqual({ rows: DAYS * 1440, blocks: 36 });
      expect(p).toBeLessThan(0.1);
      expect(t).toBeGreaterThan(1);
      expect(low).toBeGreaterThan(0);
    }
  });

  test('that knows nothing stays one', () => {
    const findings = review(SHADOW, { shadow: slot(predictions('new', 0.001)) });
    expect(findings).toMatchObject([{ request: null, about: 'shadow', lost: { passed: false } }]);
  });

  test('that has lost is ended at once, long before its time is over, and the next one comes', () => {
    const models = [...SHADOW, model('next', 'candidate')];
    const findings = review(models, { shadow: slot(predictions('new', -1)) });
    expect(findings.map(({ request }) => request)).toEqual([
      { action: 'reject', modelId: 'new' },
      { action: 'shadow', modelId: 'next' },
    ]);
    const [lost] = findings;
    expect(lost?.why).toMatch(/^it has lost: whoever decided was better, on the same live rows: /);
    expect(lost?.verdict?.passed, 'the test that it did not win is kept as it is').toBe(false);
    expect(lost?.lost?.comparisons).toMatchObject([{ reference: 'shadow', level: 0.05 }]);
  });

  test('that is no worse than a bad champion has lost where the base rate is better', () => {
    const models = [...SHADOW, model('now', 'champion')];
    const champion = slot(predictions('now', -1));
    const findings = review(models, { shadow: slot(predictions('new', -1)), champion });
    const finding = findings.find(({ about }) => about === 'shadow');
    expect(finding?.request).toEqual({ action: 'reject', modelId: 'new' });
    expect(finding?.why).toMatch(/^it has lost: saying the base rate was better/);
  });

  test('has not lost on too few rows, however bad', () => {
    const fromTs = FROM + DAYS * US_PER_DAY - 5 * US_PER_HOUR;
    const [finding] = review(SHADOW, { shadow: slot(predictions('new', -1), fromTs) });
    expect(finding?.request).toBeNull();
  });

  test('is judged on live rows alone: too few, and it waits with their number', () => {
    const [finding] = review(SHADOW, {
      shadow: slot(predictions('new', 1), FROM + DAYS * US_PER_DAY - 5 * US_PER_HOUR),
    });
    expect(finding).toMatchObject({ request: null });
    expect(finding?.why).toContain('300 rows, at least 500 needed');
  });

  test('is compared with the present champion only from where that one decides', () => {
    const champion = [
      ...predictions('old', -1).slice(0, 1440),
      ...predictions('now', 1).slice(1440),
    ];
    const models = [model('new', 'shadow'), model('now', 'champion')];
    const findings = review(models, {
      shadow: slot(predictions('new', 1)),
      champion: slot(champion, FROM + US_PER_DAY),
    });
    // It says what the present one says: better than the old one is no merit.
    expect(listRequests(findings)).toEqual([null, null]);
    expect(findings[1]?.verdict?.comparisons?.[0]).toMatchObject({ rows: 2 * 1440, gain: 0 });
  });

  test('does not gain by rows on which either was vetoed', () => {
    const vetoed = predictions('new', 1, 'outlier');
    expect(review(SHADOW, { shadow: slot(vetoed) })[0]?.why).toContain(
      '0 rows, at least 500 needed',
    );
    const champion = slot(predictions('m', 0, 'outlier'));
    const [finding] = review(SHADOW, { shadow: slot(predictions('new', 1)), champion });
    expect(finding?.request).toBeNull();
  });

  test('is rejected when it has not won its place in time, and the next one takes it', () => {
    const models = [...SHADOW, model('next', 'candidate'), model('older', 'candidate')];
    const findings = review(models, {
      shadow: slot(predictions('new', -1)),
      atTs: FROM + 8 * US_PER_DAY,
    });
    expect(findings.map(({ request }) => request)).toEqual([
      { action: 'reject', modelId: 'new' },
      { action: 'shadow', modelId: 'next' },
    ]);
  });
});

describe('a champion', () => {
  const CHAMPION = [model('now', 'champion')];

  test('that is worse than the base rate on what really happened is rolled back', () => {
    const [finding] = review(CHAMPION, { champion: slot(predictions('now', -1)) });
    expect(finding).toMatchObject({ request: { action: 'rollback' }, about: 'champion' });
    expect(finding?.verdict?.comparisons).toMatchObject([{ reference: 'champion', level: 0.05 }]);
  });

  test('that knows something, or was worse a week ago alone, stays', () => {
    expect(listRequests(review(CHAMPION, { champion: slot(predictions('now', 1)) }))).toEqual([
      null,
    ]);
    const late = { champion: slot(predictions('now', -1)), atTs: FROM + 12 * US_PER_DAY };
    expect(listRequests(review(CHAMPION, late))).toEqual([null]);
  });

  test('behind its expiry in event time is taken out', () => {
    const atTs = FROM + DAYS * US_PER_DAY;
    const champion = slot(predictions('now', 1));
    const ends = (expiresTs: number): unknown[] =>
      listRequests(review([model('now', 'champion', expiresTs)], { champion, atTs }));
    expect([ends(atTs), ends(atTs - 1)]).toEqual([[null], ['expire']]);
  });

  test('that is rolled back is not followed by a promotion until the cool-down is over', () => {
    const models = [...CHAMPION, ...SHADOW];
    const both = { champion: slot(predictions('now', -1)), shadow: slot(predictions('new', 1)) };
    expect(listRequests(review(models, both))).toEqual(['rollback', null]);
    const atTs = FROM + DAYS * US_PER_DAY;
    const after = (rolledBackTs: number): unknown[] =>
      listRequests(review(SHADOW, { shadow: slot(predictions('new', 1)), rolledBackTs }));
    expect(after(atTs - US_PER_DAY + 1)).toEqual([null]);
    expect(after(atTs - US_PER_DAY)).toEqual(['promote']);
  });
});

describe('a market without champion and shadow', () => {
  test('takes the newest candidate that passed and has not expired', () => {
    const models = [
      model('gone', 'candidate', FROM),
      { ...model('unjudged', 'candidate'), passed: null },
      model('next', 'candidate'),
    ];
    expect(review(models, {}).map(({ request }) => request)).toEqual([
      { action: 'shadow', modelId: 'next' },
    ]);
    expect(review([], {})).toEqual([]);
  });
});
