/**
 * A model ready to serve: an artefact's bytes in, estimates for one row of features out. Pure and
 * fast enough for the stream; refuses a stream whose features are not the ones it was trained on.
 */
import {
  decodeArtefact,
  ONNX_FORMAT,
  type FeatureRange,
  type ModelArtefact,
  type ModelManifest,
} from './artefact.ts';
import { parseLightgbmModel, type LightgbmModel } from './lightgbm-model.ts';

export interface Estimates {
  readonly probabilityUp: number;
  /** Simple return over the horizon. */
  readonly expectedReturn: number;
  /** The row is unlike what the model was trained on. */
  readonly outlier: boolean;
}

export interface ServingModel {
  readonly manifest: ModelManifest;
  /** Event time behind which its predictions are `expired`; Infinity: never. */
  readonly expiresTs: number;
  /** Values in the order of the stream's features; null: no value. */
  predict(values: readonly (number | null)[]): Estimates;
}

/** The model is sound, and another version of the program is the one that can ask it. */
export class FeaturesDifferError extends Error {
  override readonly name = 'FeaturesDifferError';
}

/** The features that a stream serves. */
export interface StreamFeatures {
  readonly featureSet: string;
  readonly featureNames: readonly string[];
}

/**
 * What stands in for a model that cannot be run: it predicts nothing, and every prediction of its
 * slot is `expired`, which nobody acts on.
 */
export const unavailableModel = (bytes: Uint8Array): ServingModel => ({
  manifest: decodeArtefact(bytes).manifest,
  expiresTs: -Infinity,
  predict: () => ({ probabilityUp: 0.5, expectedReturn: 0, outlier: false }),
});

/** A model in ONNX, ready to run. */
export interface OnnxModel {
  readonly columns: number;
  /** Of one row; NaN where the model has no answer. */
  probabilityUp(values: readonly (number | null)[]): number;
}

export type OnnxLoader = (model: Uint8Array) => OnnxModel;

/**
 * Throws `FeaturesDifferError`, which names the difference, where they are not the stream's. `onnx`
 * opens a model in ONNX: that is native code, which has no place here.
 */
export function loadModel(
  bytes: Uint8Array,
  stream: StreamFeatures,
  onnx: OnnxLoader | null = null,
): ServingModel {
  const artefact = decodeArtefact(bytes);
  checkFeatures(artefact.manifest, stream);
  if (artefact.format === ONNX_FORMAT) return serveOnnx(artefact, onnx);
  const { manifest, direction, return: returns } = artefact;
  const directionModel = parseModel(direction, 'binary', manifest);
  const returnModel = returns === null ? null : parseModel(returns, 'regression', manifest);
  const { base_log_odds, direction_shrink, return_scale } = manifest.serving;
  const shift = manifest.serving.direction_shift ?? 0;
  const isOutlier = outlierCheck(manifest.features);
  return {
    manifest,
    expiresTs: manifest.expires_ts ?? Infinity,
    predict: (values) => {
      const score = directionModel.predictRaw(values);
      const probabilityUp = calibratedProbability(score, base_log_odds, direction_shrink, shift);
      // Without a model of its own: the usual move, by the odds of its direction.
      const move = returnModel === null ? 2 * probabilityUp - 1 : returnModel.predictRaw(values);
      return { probabilityUp, expectedReturn: return_scale * move, outlier: isOutlier(values) };
    },
  };
}

/** Nothing is certain: a probability of 0 or 1 that is wrong would cost endlessly much. */
const SURE = 1e-6;

/** A row to which the model has no probability for an answer is vetoed as an outlier. */
function serveOnnx({ manifest, direction }: ModelArtefact, onnx: OnnxLoader | null): ServingModel {
  if (onnx === null) throw new Error('a model in ONNX, and nothing here that can open it');
  const model = onnx(new Uint8Array(Buffer.from(direction, 'base64')));
  const isOutlier = outlierCheck(manifest.features);
  const { return_scale } = manifest.serving;
  return {
    manifest,
    expiresTs: manifest.expires_ts ?? Infinity,
    predict: (values) => {
      const predicted = model.probabilityUp(values);
      const isAnswer = predicted >= 0 && predicted <= 1;
      const probabilityUp = isAnswer ? Math.min(Math.max(predicted, SURE), 1 - SURE) : 0.5;
      const expectedReturn = return_scale * (2 * probabilityUp - 1);
      return { probabilityUp, expectedReturn, outlier: !isAnswer || isOutlier(values) };
    },
  };
}

/**
 * The probability behind a raw score, pulled towards the training's base rate: trees fitted to
 * outcomes that overlap are surer than they should be. `shrink` 1 is the score itself, 0 the base
 * rate; `shift` moves all log-odds alike (Platt's calibration, 0 without it).
 */
export const calibratedProbability = (
  score: number,
  baseLogOdds: number,
  shrink: number,
  shift: number = 0,
): number => 1 / (1 + Math.exp(-(baseLogOdds + shift + shrink * (score - baseLogOdds))));

/** A row is an outlier when more than this share of its features is outside of the training's. */
const OUTLIER_SHARE = 0.1;

/**
 * The check of one model, for every prediction: whether a row is unlike what the model was trained
 * on. Outside is a value beyond the training's bounds, or none where training always had one, or
 * one that is no number. Several features at once, because one alone beyond its bounds is common
 * and trees bear it well. The bounds lie in arrays: this is computed at every decision.
 */
export function outlierCheck(
  features: readonly FeatureRange[],
): (values: readonly (number | null)[]) => boolean {
  const lows = Float64Array.from(features, ({ low, high }) =>
    high === null ? -Infinity : (low ?? -Infinity),
  );
  const highs = Float64Array.from(features, ({ low, high }) =>
    low === null ? Infinity : (high ?? Infinity),
  );
  const missing = Uint8Array.from(features, ({ null_share }) => (null_share === 0 ? 1 : 0));
  const most = OUTLIER_SHARE * features.length;
  return (values) => {
    let outside = 0;
    for (let i = 0; i < lows.length; i++) {
      const value = values[i] ?? null;
      if (value === null) outside += missing[i]!;
      else if (!(value >= lows[i]! && value <= highs[i]!)) outside += 1;
    }
    return outside > most;
  };
}

function checkFeatures(manifest: ModelManifest, stream: StreamFeatures): void {
  if (manifest.feature_set !== stream.featureSet) {
    throw new FeaturesDifferError(
      `the model was trained on feature set ${manifest.feature_set}, ` +
        `the stream serves ${stream.featureSet}: train it anew`,
    );
  }
  const names = manifest.features.map(({ name }) => name);
  const at = names.findIndex((name, i) => name !== stream.featureNames[i]);
  if (at >= 0 || names.length !== stream.featureNames.length) {
    const place = at >= 0 ? at : names.length;
    throw new FeaturesDifferError(
      `the model's feature ${place} is ${names[place] ?? 'none'}, ` +
        `the stream's is ${stream.featureNames[place] ?? 'none'}: train it anew`,
    );
  }
}

function parseModel(text: string, objective: string, manifest: ModelManifest): LightgbmModel {
  const model = parseLightgbmModel(text);
  if (!model.objective.startsWith(objective)) {
    throw new Error(`a model with objective "${model.objective}" in place of ${objective}`);
  }
  const same =
    model.featureNames.length === manifest.features.length &&
    model.featureNames.every((name, i) => name === manifest.features[i]?.name);
  if (!same) throw new Error('the LightGBM text and the manifest name different features');
  return model;
}
