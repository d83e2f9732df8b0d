import { describe, expect, test } from 'vitest';
import { meanInterval } from '../../src/learning/gate.ts';
import { auc, directionMetrics, mean } from '../../src/learning/metrics.ts';
import {
  byPastReturn,
  byProbability,
  judgeAll,
  rowValues,
  type Judgement,
} from '../../src/learning/walk-forward.ts';
import { gaussian, seededRandom } from '../../src/random.ts';

const MINUTE_US = 60e6;
const OPTIONS = { horizonUs: 60 * MINUTE_US, coverage: 0.95, seed: 3 };

/** Outcomes that whole hours share, and scores that know of them by `edge`. */
function range(seed: number, rows: number, edge: number): Judgement {
  const random = seededRandom(seed);
  const hours = Array.from({ length: Math.ceil(rows / 60) }, () => gaussian(random));
  const all = Array.from({ length: rows }, (_, i) => i);
  const up = Float64Array.from(all, (i) => (hours[Math.floor(i / 60)]! > 0 ? 1 : 0));
  const notify = (known: number): Float64Array =>
    Float64Array.from(all, (i) => {
      const score = known * hours[Math.floor(i / 60)]! + 0.3 * gaussian(random);
      // In steps, so that there are ties.
      return 1 / (1 + Math.exp(-Math.round(score * 5) / 5 - 0.01));
    });
  return {
    decidedTs: Float64Array.from(all, (i) => i * MINUTE_US),
    up,
    predictors: [byProbability('ours', notify(edge)), byProbability('theirs', notify(0))],
  };
}

describe('metrics as means over rows', () => {
  test('are those of scikit-learn, ties included', () => {
    const { up, predictors } = range(1, 900, 0.2);
    for (const predictor of predictors) {
      const expected = directionMetrics(up, predictor.probabilityUp);
      for (const metric of ['auc', 'hit_rate', 'brier', 'log_loss'] as const) {
        const seen = mean(rowValues(metric, up, predictor));
        expect(seen, metric).toBeCloseTo(expected[metric]!, 12);
      }
    }
  });

  test('are not determined where one outcome alone occurred', () => {
    const one = { ...range(1, 600, 0.2), up: new Float64Array(600).fill(1) };
    const [report] = judgeAll([one], OPTIONS);
    expect(report!.auc.value).toBeNull();
    expect(report!.brier.value).not.toBeNull();
  });
});

describe('a gain', () => {
  test('is above 0 beyond chance for who knows, in every metric', () => {
    const [ours, theirs] = judgeAll([range(2, 6000, 0.5)], OPTIONS);
    expect(ours!.auc.gain).toBeNull();
    for (const metric of ['auc', 'hit_rate', 'brier', 'log_loss'] as const) {
      expect(theirs![metric].gain!.mean, metric).toBeGreaterThan(0);
      expect(theirs![metric].gain!.low, metric).toBeGreaterThan(0);
    }
  });

  test('ranks within a range only: a shift between two of them is no knowledge', () => {
    const first = range(4, 3000, 0.2);
    const later = range(5, 3000, 0.2);
    const moved = {
      ...later,
      decidedTs: later.decidedTs.map((ts) => ts + 1e6 * MINUTE_US),
      predictors: later.predictors.map(({ name, probabilityUp }) =>
        byProbability(
          name,
          probabilityUp.map((p) => p / 100),
        ),
      ),
    };
    const [both] = judgeAll([first, moved], OPTIONS);
    const areas = [first, moved].map(({ up, predictors }) => auc(up, predictors[0]!.score)!);
    expect(both!.auc.value).toBeCloseTo((areas[0]! + areas[1]!) / 2, 12);
  });
});

describe('the interval of a mean', () => {
  const covered = (rows: number, tries: number): number => {
    let count = 0;
    for (let seed = 1; seed <= tries; seed++) {
      const { decidedTs, up } = range(seed, rows, 0);
      const { low, high } = meanInterval(decidedTs, up, OPTIONS);
      if (low! <= 0.5 && 0.5 <= high!) count += 1;
    }
    return count / tries;
  };

  test('holds the truth about as often as it says, although outcomes overlap', () => {
    // Two standard errors of 60 tries below 95 %, and what few blocks cost.
    expect(covered(6000, 60)).toBeGreaterThan(0.86);
  });

  test('is not determined by few blocks', () => {
    const { decidedTs, up } = range(1, 300, 0);
    const { low, high, blocks } = meanInterval(decidedTs, up, OPTIONS);
    expect([low, high, blocks]).toEqual([null, null, 3]);
  });
});

describe('rules of the past return', () => {
  const training = { up: [1, 1, 1, 0], pastReturn: [0.1, 0.2, -0.1, -0.2] };
  const past = Float64Array.from([0.3, -0.3, 0]);

  test('believe themselves as far as they were right in training', () => {
    const momentum = byPastReturn('momentum', 1, training, past);
    expect([...momentum.call]).toEqual([1, -1, 0]);
    // Three of four, one of each added.
    const belief = 4 / 6;
    expect(momentum.probabilityUp[0]).toBeCloseTo(belief, 12);
    expect(momentum.probabilityUp[1]).toBeCloseTo(1 - belief, 12);
    expect(momentum.probabilityUp[2]).toBe(0.5);
  });

  test('say a coin where training speaks against them, and still call', () => {
    const reversion = byPastReturn('mean reversion', -1, training, past);
    expect([...reversion.probabilityUp]).toEqual([0.5, 0.5, 0.5]);
    expect([...reversion.call]).toEqual([-1, 1, 0]);
    expect(mean(rowValues('hit_rate', [0, 1, 1], reversion))).toBeCloseTo(2.5 / 3, 12);
  });
});
