/**
 * Candidates of a real recording + its rows -> what the drift of features would have been in every
 * review behind their training, at the end of each UTC day: a recording in which nobody planted
 * anything says how often the trigger rings for nothing.
 */
import { US_PER_DAY } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import type { ModelManifest } from '../../src/learning/artefact.ts';
import {
  manifestBins,
  driftSummary,
  featureDrift,
  type DriftSummary,
} from '../../src/learning/drift.ts';
import { DEFAULT_RETRAIN, retrainTriggers } from '../../src/learning/retrain.ts';
import type { TrainingRow } from '../../src/learning/train-fold.ts';

export interface DriftReview extends DriftSummary {
  readonly atTs: number;
  readonly fires: boolean;
}

/** Reviews as the review job holds them: of all rows within its window, those in front included. */
export function driftReviews(
  rows: readonly TrainingRow[],
  manifest: ModelManifest,
  modelId: string,
): DriftReview[] {
  const bins = manifestBins(manifest) ?? [];
  const gains = new Map(manifest.importance.map((each) => [each.feature, each.gain_share]));
  const days = new Set(rows.map(({ decidedTs }) => Math.ceil(decidedTs / US_PER_DAY)));
  const ends = [...days].map((day) => day * US_PER_DAY);
  const behind = ends.filter((atTs) => atTs > manifest.slice.test_from_ts);
  return behind.flatMap((atTs) => {
    const from = atTs - DEFAULT_RETRAIN.driftWindowUs;
    const served = rows.filter(({ decidedTs }) => decidedTs > from && decidedTs <= atTs);
    const summary = driftSummary(featureDrift(bins, served.map(byName)), gains);
    if (summary === null) return [];
    const drift = { modelId, rows: served.length, ...summary };
    const none = { calendarEveryUs: null, decay: null, newData: null, fired: [] };
    return [{ ...summary, atTs, fires: retrainTriggers({ ...none, atTs, drift }).length > 0 }];
  });
}

const byName = ({ values }: TrainingRow): Record<string, number | null> =>
  Object.fromEntries(FEATURE_NAMES.map((name, i) => [name, values[i] ?? null]));
