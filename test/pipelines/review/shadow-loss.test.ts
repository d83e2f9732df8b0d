/**
 * Shadows looked at every day by the real review, on simulated markets: one that really is worse is
 * ended early, one that is equal by chance alone, and then rarely, one that is better nearly never.
 */
import { describe, expect, test } from 'vitest';
import {
  reviewModels,
  type LiveOutcome,
  type SlotHistory,
} from '../../../pipelines/review/promotion-policy.ts';
import { US_PER_DAY, US_PER_MIN } from '../../../src/domain/time.ts';
import type { KnownModel, ModelState } from '../../../src/learning/model-change.ts';
import { gaussian, seededRandom } from '../../../src/random.ts';

const FROM = 1_000 * US_PER_DAY;
const DAYS = 7;
const MINUTES = DAYS * 1440;
/** An outcome is known an hour and the lateness behind its decision. */
const UNKNOWN = 63;
/** Fewer resamples than in earnest: there are hundreds of looks. */
const RESAMPLES = { resamples: 199 };
const SETTINGS = {
  shadow: { level: 0.1, ...RESAMPLES },
  loss: { level: 0.05, marginShare: 0, ...RESAMPLES },
  decline: { level: 1e-4, resamples: 10 },
};

interface Drawn {
  readonly up: readonly (0 | 1)[];
  /** What moves the market. */
  readonly view: readonly number[];
  /** What two models see beside it, each its own. */
  readonly errors: readonly (readonly number[])[];
}

function drawn(seed: number): Drawn {
  const random = seededRandom(seed);
  const wander = (length: number, keeps: number): number[] => {
    let at = 0;
    const step = Math.sqrt(1 - keeps ** 2);
    return Array.from({ length }, () => (at = keeps * at + step * gaussian(random)));
  };
  const view = wander(MINUTES + 60, 0.99);
  const price = [0];
  for (const drift of view) price.push(price.at(-1)! + 0.3 * drift + gaussian(random));
  const up = view.slice(0, MINUTES).map((_, i) => (price[i + 60]! > price[i]! ? 1 : 0));
  return { up, view, errors: [wander(MINUTES, 0.97), wander(MINUTES, 0.97)] };
}

/** What a model says that sees the view and errs by so much. */
const drawPredictions = (
  { up, view, errors }: Drawn,
  modelId: string,
  error: number,
  which: 0 | 1,
) =>
  up.map((outcome, i): LiveOutcome => {
    const odds = 0.7 * view[i]! + error * errors[which]![i]!;
    const ts = FROM + i * US_PER_MIN;
    return {
      ...{ ts, decidedTs: ts + 2, modelId, verdict: 'ok', expectedReturn: 0, up: outcome },
      ...{ probabilityUp: 1 / (1 + Math.exp(-odds)), forwardReturn: outcome ? 0.01 : -0.01 },
    };
  });

const model = (modelId: string, state: ModelState): KnownModel => ({
  ...{ modelId, state, sha256: '', passed: true, failed: [], replaced: null, changedBy: null },
  expiresTs: null,
});

const meanLoss = (outcomes: readonly LiveOutcome[]): number =>
  outcomes.reduce((sum, { up, probabilityUp: p }) => sum - Math.log(up ? p : 1 - p), 0) /
  outcomes.length;

interface Ending {
  readonly action: string;
  readonly day: number;
  /** By how much the shadow's loss was smaller over all days. */
  readonly gain: number;
}

/** What becomes of a shadow beside a champion within its seven days. */
function runTrial(seed: number, shadowError: number, championError: number): Ending {
  const market = drawn(seed);
  const shadow = drawPredictions(market, 'new', shadowError, 0);
  const champion = drawPredictions(market, 'now', championError, 1);
  const gain = meanLoss(champion) - meanLoss(shadow);
  for (let day = 1; day <= DAYS; day++) {
    const atTs = FROM + day * US_PER_DAY;
    const known = (outcomes: readonly LiveOutcome[]): SlotHistory => ({
      ...{ fromTs: FROM, baseProbability: 0.5, outcomes: outcomes.slice(0, day * 1440 - UNKNOWN) },
    });
    const models = [model('new', 'shadow'), model('now', 'champion')];
    const findings = reviewModels({
      registry: { market: { venue: 'v', symbol: 's', labelSpec: 'direction_1h@1' }, models, atTs },
      ...{ labelSpec: 'direction_1h@1', atTs, seed, rolledBackTs: null, settings: SETTINGS },
      ...{ champion: known(champion), shadow: known(shadow) },
    });
    const action = findings.find(({ about }) => about === 'shadow')?.request?.action;
    if (action !== undefined) return { action, day, gain };
  }
  return { action: 'none', day: DAYS, gain };
}

function simulated(times: number, shadowError: number, championError: number) {
  const endings = Array.from({ length: times }, (_, i) =>
    runTrial(1_000 + i, shadowError, championError),
  );
  const share = (action: string): number =>
    endings.filter((of) => of.action === action).length / times;
  const days = endings.filter(({ action }) => action === 'reject').map(({ day }) => day);
  return {
    ended: share('reject'),
    promoted: share('promote'),
    medianDay: days.sort((a, b) => a - b)[days.length >> 1],
    gain: endings.reduce((sum, of) => sum + of.gain, 0) / times,
  };
}

describe('of shadows that are looked at daily for a week', () => {
  test('those that really are worse are ended, half of them within three days', () => {
    const { ended, promoted, medianDay, gain } = simulated(12, 0.9, 0.3);
    expect(gain).toBeLessThan(-0.05);
    expect(ended).toBeGreaterThan(0.85);
    expect(medianDay).toBeLessThanOrEqual(3);
    expect(promoted).toBeLessThanOrEqual(0.05);
  });

  test('at most a fifth of those that are equal are ended by chance', () => {
    const { ended, promoted, gain } = simulated(24, 0.3, 0.3);
    expect(Math.abs(gain)).toBeLessThan(0.005);
    expect(ended).toBeLessThanOrEqual(0.2);
    // A promotion's level is a single look's, too: daily looks raise what chance lets through.
    expect(promoted).toBeGreaterThan(SETTINGS.shadow.level);
  });

  test('hardly one of those that are better is ended', () => {
    const { ended, gain } = simulated(12, 0.3, 0.5);
    expect(gain).toBeGreaterThan(0.01);
    expect(ended).toBeLessThanOrEqual(0.05);
  });
});
