/**
 * features, labels, predictions as known at one moment -> the rows of a training set
 *
 * A decision enters with the features that were served, the outcome that was known by then, and
 * what the champion had predicted. Rows in = rows out + exclusions, each with its reason and count.
 */
import type { Row } from '../domain/records/fields.ts';
import type { StoredLabel } from '../domain/records/label.ts';
import { isWarmingUp } from './null-policy.ts';
import type { TrainingRow } from './train-fold.ts';

export interface FeatureValues {
  readonly ts: number;
  readonly decided_ts: number;
  readonly values: readonly (number | null)[];
}

export type Outcome = Pick<
  Row<typeof StoredLabel>,
  'ts' | 'state' | 'void_reason' | 'up' | 'forward_return' | 'exit_ts'
>;

export interface ChampionPrediction {
  readonly ts: number;
  readonly probability_up: number;
  readonly expected_return: number;
}

export interface TrainingSet {
  readonly rows: readonly TrainingRow[];
  readonly rowTs: readonly number[];
  readonly rowsIn: number;
  /** Of the rows, those whose features are of an import. */
  readonly imported?: number;
  /** By reason: `immature`, `void_gap`, `warming_up`, … */
  readonly excluded: Readonly<Record<string, number>>;
}

/** Joins by `ts`; all three are of one instrument and label spec, oldest first. */
export function trainingSet(
  features: readonly FeatureValues[],
  outcomes: readonly Outcome[],
  champion: readonly ChampionPrediction[],
): TrainingSet {
  const outcomeAt = new Map(outcomes.map((outcome) => [outcome.ts, outcome]));
  const predictedAt = new Map(champion.map((predicted) => [predicted.ts, predicted]));
  const rows: TrainingRow[] = [];
  const rowTs: number[] = [];
  const excluded: Record<string, number> = {};
  for (const feature of features) {
    const outcome = outcomeAt.get(feature.ts);
    const reason = exclusionReason(feature, outcome);
    if (reason !== null || outcome === undefined) {
      const counted = reason ?? 'immature';
      excluded[counted] = (excluded[counted] ?? 0) + 1;
      continue;
    }
    const predicted = predictedAt.get(feature.ts);
    rowTs.push(feature.ts);
    rows.push({
      decidedTs: feature.decided_ts,
      labelEndTs: outcome.exit_ts ?? feature.decided_ts,
      values: feature.values,
      up: outcome.up ?? 0,
      forwardReturn: outcome.forward_return ?? 0,
      championProbability: predicted?.probability_up ?? null,
      championReturn: predicted?.expected_return ?? null,
    });
  }
  return { rows, rowTs, rowsIn: features.length, excluded };
}

function exclusionReason(feature: FeatureValues, outcome: Outcome | undefined): string | null {
  if (outcome === undefined) return 'immature';
  if (outcome.state === 'void') return `void_${outcome.void_reason ?? 'unknown'}`;
  return isWarmingUp(feature.values) ? 'warming_up' : null;
}
