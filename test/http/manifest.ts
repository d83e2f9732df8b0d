/**
 * A model's manifest for the tests of the API and the page: five folds, a slice, and its training.
 */
import { US_PER_DAY } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import type { Judged, ModelManifest, FoldReport } from '../../src/learning/artefact.ts';
import type { DirectionMetrics, ReturnMetrics } from '../../src/learning/metrics.ts';

const FOLDS = 5;
const USED = 14;

/** As of a training whose holdout begins at `sliceUs`. */
export function sampleManifest(labelSpec: string, sliceUs: number): ModelManifest {
  const used = FEATURE_NAMES.slice(0, USED);
  const fromTs = sliceUs - 30 * US_PER_DAY;
  return {
    feature_set: FEATURE_SET,
    features: FEATURE_NAMES.map((name) => ({ name, low: null, high: null, null_share: 0 })),
    feature_bins: used.map((name, i) => ({
      ...{ name, borders: [-i - 1, 0, i + 1], constant: null, null_share: 0 },
      shares: [0.25, 0.25, 0.25, 0.25],
    })),
    ...{ label_spec: labelSpec, dataset_id: 'ds-webtest', seed: 7, rounds: 80, params: {} },
    library: 'lightgbm 4.3.0',
    window: { from_ts: fromTs, to_ts: sliceUs + 4 * US_PER_DAY },
    trained: { from_ts: fromTs, to_ts: sliceUs, rows: 12_345 },
    expires_ts: sliceUs + 34 * US_PER_DAY,
    serving: { base_log_odds: 0, direction_shrink: 0.8, return_scale: 1e-4 },
    folds: Array.from({ length: FOLDS }, (_, i) => part(sliceUs - (FOLDS - i) * 4 * US_PER_DAY, i)),
    slice: part(sliceUs, FOLDS),
    gate: { passed: true, reasons: [] },
    training: {
      half_life_days: 30,
      excluded: { flash_crash: 17 },
      flash_crash_rule: 'none of a test',
      search: ['plain', 'deeper'].map((name, i) => ({
        ...{ name, params: { num_leaves: 8 + i }, mean_loss: 0.69 + i / 1_000 },
        ...{ behind_best: i / 1_000, standard_error: 0.0004, chosen: i === 0 },
      })),
      calibration: {
        ...{ kept: true, fitted_rows: 4_000, judged_rows: 1_000, slope: 0.9, shift: 0.01 },
        ...{ log_loss: 0.68, plain_log_loss: 0.69 },
      },
      learning_curve: [0.25, 0.5, 0.75, 1].map((share) => ({
        ...{ share, train_rows: 12_000 * share, score_auc: 0.5 + share / 20, log_loss: 0.69 },
      })),
    },
    importance: used.map((feature, i) => ({
      ...{ feature, gain_share: (USED - i) / 105, permutation_auc_loss: 0.01 / (i + 1) },
    })),
  };
}

function part(testFromTs: number, number: number): FoldReport {
  return {
    ...{ test_from_ts: testFromTs, train_rows: 8_000, test_rows: 2_000, purged: 60 },
    ...{ embargoed: 60, score_auc: 0.56 },
    direction: judged((who) => direction(0.69 - who * 0.004 - number * 0.001)),
    return: judged(() => ({ rows: 2_000, squared_error: 1e-6, rank_correlation: 0.1 })),
    calibration: [0.42, 0.46, 0.5, 0.54, 0.58].map((predicted, i) => ({
      ...{ count: 200 + 150 * i, mean_predicted: predicted, share_up: predicted + 0.01 * (i - 2) },
    })),
  };
}

const judged = <Metrics extends DirectionMetrics | ReturnMetrics>(
  metrics: (better: number) => Metrics,
): Judged<Metrics> => ({ candidate: metrics(2), champion: metrics(1), base_rate: metrics(0) });

const direction = (loss: number): DirectionMetrics => ({
  ...{ rows: 2_000, base_rate: 0.5, auc: 0.56, log_loss: loss, brier: 0.249 },
  ...{ hit_rate: 0.54, calibration_error: 0.01 },
});
