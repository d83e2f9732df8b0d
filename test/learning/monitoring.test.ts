import { describe, expect, test } from 'vitest';
import { parseUs, US_PER_MIN } from '../../src/domain/time.ts';
import { directionMetrics } from '../../src/learning/metrics.ts';
import {
  OutcomeTally,
  outcomeMetrics,
  type GradedPrediction,
} from '../../src/learning/monitoring.ts';
import { classifyRegime } from '../../src/learning/regime.ts';
import { seededRandom } from '../../src/random.ts';

const FROM = parseUs('2026-03-01T22:00:00Z');

function drawn(count: number, changes: Partial<GradedPrediction> = {}): GradedPrediction[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, (_, i) => {
    const probability_up = Math.round(random() * 100) / 100;
    return {
      ...{ ts: FROM + i * US_PER_MIN, venue: 'v', symbol: i % 3 === 0 ? 'A' : 'B' },
      ...{ label_spec: 'direction_1h@1', model_id: 'm', verdict: 'ok', probability_up },
      up: random() < probability_up ? 1 : 0,
      ...changes,
    };
  });
}

const theOne = (rows: readonly GradedPrediction[]) => outcomeMetrics('model', rows)[0]!;

describe('outcomes of predictions', () => {
  test('are the metrics that training judges by, on the same rows', () => {
    const rows = drawn(500);
    const [up, predicted] = [rows.map((row) => row.up), rows.map((row) => row.probability_up)];
    const judged = directionMetrics(up, predicted);
    const found = theOne(rows);
    expect(found).toMatchObject({ rows: 500, group: 'all', unheeded: 0, first_ts: FROM });
    expect(found.hit_rate).toBe(judged.hit_rate);
    expect(found.brier).toBeCloseTo(judged.brier!, 12);
    expect(found.log_loss).toBeCloseTo(judged.log_loss!, 12);
    expect(found.share_up).toBeCloseTo(judged.base_rate!, 12);
    const constant = directionMetrics(
      up,
      up.map(() => judged.base_rate!),
    );
    expect(found.base_brier).toBeCloseTo(constant.brier!, 12);
    expect(found.base_log_loss).toBeCloseTo(constant.log_loss!, 12);
    expect(found.last_ts).toBe(FROM + 499 * US_PER_MIN);
  });

  test('leave out what nobody would have acted on, and say how much that is', () => {
    const rows = [
      ...drawn(10),
      ...drawn(4, { verdict: 'outlier', probability_up: 1, up: 0 }),
      ...drawn(2, { verdict: 'warming_up', probability_up: 0.5 }),
    ];
    expect(theOne(rows)).toEqual({ ...theOne(drawn(10)), unheeded: 6 });
  });

  test('are null where no row determines them', () => {
    expect(theOne(drawn(3, { verdict: 'expired' }))).toMatchObject({
      ...{ rows: 0, unheeded: 3, hit_rate: null, brier: null, log_loss: null, share_up: null },
      ...{ mean_probability_up: null, calibration_error: null, base_brier: null },
    });
    expect(theOne(drawn(3, { probability_up: 0.5, up: 1 }))).toMatchObject({
      ...{ rows: 3, hit_rate: null, brier: 0.25, base_brier: 0, base_log_loss: 0 },
    });
    expect(outcomeMetrics('day', [])).toEqual([]);
  });

  test('show a model that is too sure of itself as badly calibrated', () => {
    const rows = drawn(1000, { probability_up: 0.9 }).map((row, i) => ({
      ...row,
      up: i % 2 === 0 ? (1 as const) : (0 as const),
    }));
    expect(theOne(rows)).toMatchObject({ share_up: 0.5 });
    expect(theOne(rows).mean_probability_up).toBeCloseTo(0.9, 12);
    expect(theOne(rows).calibration_error).toBeCloseTo(0.4, 12);
  });

  test('fall into groups that together are all rows', () => {
    const rows = [...drawn(300), ...drawn(50, { model_id: 'n' })];
    for (const by of ['model', 'symbol', 'bucket', 'day', 'regime'] as const) {
      const counted = outcomeMetrics(by, rows).reduce((sum, { rows: n }) => sum + n, 0);
      expect([by, counted]).toEqual([by, 350]);
    }
    const days = outcomeMetrics('day', drawn(300));
    expect(days.map(({ group, rows: n }) => [group, n])).toEqual([
      ['2026-03-01', 120],
      ['2026-03-02', 180],
    ]);
    expect(outcomeMetrics('symbol', drawn(300)).map(({ group, rows: n }) => [group, n])).toEqual([
      ['v:A', 100],
      ['v:B', 200],
    ]);
  });

  test('belong to the bucket below where they lie on a border', () => {
    const groups = [0, 0.05, 0.15, 0.5, 0.5001, 0.55, 1].map(
      (probability_up) => outcomeMetrics('bucket', drawn(1, { probability_up }))[0]?.group,
    );
    const [low, half] = ['0.00-0.05', '0.50-0.55'];
    expect(groups).toEqual([low, low, '0.10-0.15', '0.45-0.50', half, half, '0.95-1.00']);
  });

  test('are the same however they are cut into pieces', () => {
    const rows = drawn(400);
    const tally = new OutcomeTally('bucket');
    for (let i = 0; i < 400; i += 37) tally.add(rows.slice(i, i + 37));
    expect(tally.metrics()).toEqual(outcomeMetrics('bucket', rows));
  });
});

describe('a regime', () => {
  test('is how much the market moves against its usual, and whether it has a direction', () => {
    expect(classifyRegime(0.5, 10)).toBe('calm range');
    expect(classifyRegime(0.75, 24.9)).toBe('usual range');
    expect(classifyRegime(4 / 3, 25)).toBe('usual trend');
    expect(classifyRegime(1.4, 60)).toBe('wild trend');
  });

  test('is unknown where a feature is missing', () => {
    expect(classifyRegime(null, 10)).toBeNull();
    expect(classifyRegime(1, null)).toBeNull();
    expect(outcomeMetrics('regime', drawn(5)).map(({ group }) => group)).toEqual(['unknown']);
    expect(outcomeMetrics('regime', drawn(5, { regime: 'wild trend' }))[0]?.group).toBe(
      'wild trend',
    );
  });
});
