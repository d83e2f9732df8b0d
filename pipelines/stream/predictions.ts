/**
 * features -> predictions: the champion's, and one for every shadow
 *
 * The champion is whichever model the control records have put into force for the instrument, and
 * the online baseline where they have not. One champion for every (instrument, moment, label spec),
 * always. The baseline is fitted on outcomes that have passed, whoever is champion.
 */
import type { ModelControl } from '../../src/domain/control.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { US_PER_S } from '../../src/domain/time.ts';
import type { Feature, Prediction } from '../../src/domain/wire.ts';
import {
  initialBaseline,
  updateBaseline,
  type BaselineState,
} from '../../src/learning/baseline.ts';
import { isWarmingUp } from '../../src/learning/null-policy.ts';
import type { ServingModel } from '../../src/learning/serving-model.ts';
import type { Operator } from '../../src/stream/operator.ts';

/** The id under which the baseline predicts; its version rises when its definition changes. */
export const BASELINE_MODEL_ID = 'baseline@1';

export interface ModelInForce {
  readonly control: ModelControl;
  readonly model: ServingModel;
}

export interface PredictionsIn {
  readonly feature: Feature;
  readonly vector: readonly (number | null)[];
  readonly close: number;
  readonly labelSpec: string;
  readonly champion: ModelInForce | null;
  readonly shadows: readonly ModelInForce[];
}

interface Estimate {
  readonly probabilityUp: number;
  readonly expectedReturn: number;
  readonly verdict: Prediction['verdict'];
}

export const predictions = (
  horizonUs: number,
): Operator<PredictionsIn, Prediction, BaselineState> => ({
  name: 'predictions',

  initial: () => initialBaseline(horizonUs),

  step(state, input, emit) {
    const baseline = updateBaseline(state, input.feature.ts, input.close);
    const { champion, shadows } = input;
    if (champion === null) {
      const { probabilityUp, expectedReturn, warmingUp } = baseline;
      // Behind a gap too: what it has learnt is of no use before it has a history again.
      const verdict = warmingUp ? 'warming_up' : 'ok';
      emit(
        record(input, BASELINE_MODEL_ID, 'champion', { probabilityUp, expectedReturn, verdict }),
      );
    } else {
      const { model, control } = champion;
      emit(record(input, control.model_id, 'champion', predict(model, input)));
    }
    for (const { model, control } of shadows) {
      emit(record(input, control.model_id, control.slot, predict(model, input)));
    }
  },
});

function predict(model: ServingModel, { vector, feature }: PredictionsIn): Estimate {
  const { probabilityUp, expectedReturn, outlier } = model.predict(vector);
  const expired = feature.decided_ts > model.expiresTs;
  return { probabilityUp, expectedReturn, verdict: predictionVerdict(expired, vector, outlier) };
}

/** The first that applies, in the order of how long it will last; `ok` alone is acted on. */
function predictionVerdict(
  expired: boolean,
  vector: PredictionsIn['vector'],
  outlier: boolean,
): Prediction['verdict'] {
  if (expired) return 'expired';
  if (isWarmingUp(vector)) return 'warming_up';
  return outlier ? 'outlier' : 'ok';
}

function record(
  { feature, close, labelSpec }: PredictionsIn,
  modelId: string,
  slot: string,
  { probabilityUp, expectedReturn, verdict }: Estimate,
): Prediction {
  const { feature_id, venue, symbol, ts, decided_ts, known_at, imported_at } = feature;
  return {
    kind: 'prediction',
    prediction_id: `${modelId}:${labelSpec}:${feature_id}`,
    feature_id,
    model_id: modelId,
    label_spec: labelSpec,
    slot,
    venue,
    symbol,
    ts,
    decided_ts,
    known_at,
    horizon_s: parseLabelSpec(labelSpec).horizonUs / US_PER_S,
    probability_up: probabilityUp,
    expected_return: expectedReturn,
    close,
    verdict,
    ...(imported_at === undefined ? {} : { imported_at }),
  };
}
