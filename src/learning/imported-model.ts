/**
 * A model that was trained elsewhere -> an artefact of ours, and its judgement on decisions that
 * its data set could not know
 *
 * Understood are a file of ours, the text that LightGBM saves (`booster.save_model`) of a binary
 * model over the stream's features, and a classifier over them in ONNX. What serving needs besides
 * the trees (the ranges that training spanned, the base rate) is taken from the very rows of the
 * data set.
 */
import { parseLabelSpec } from '../domain/label-spec.ts';
import {
  decodeArtefact,
  encodeArtefact,
  MODEL_FORMAT,
  ONNX_FORMAT,
  type ModelArtefact,
  type ModelManifest,
} from './artefact.ts';
import { featureBins } from './feature-bins.ts';
import { featureRanges } from './feature-ranges.ts';
import { judge, type GateSettings, type GateVerdict } from './gate.ts';
import { parseLightgbmModel } from './lightgbm-model.ts';
import { logLosses, squaredErrors } from './metrics.ts';
import { checkManifest } from './outside-artefact.ts';
import { emptyReport } from './fold-report.ts';
import type { OnnxLoader, ServingModel } from './serving-model.ts';
import type { TrainingRow } from './train-fold.ts';

export interface ImportRequest {
  readonly bytes: Uint8Array;
  readonly datasetId: string;
  readonly labelSpec: string;
  readonly featureSet: string;
  readonly featureNames: readonly string[];
  /** The data set's rows of the instrument. */
  readonly rows: readonly TrainingRow[];
  /** What was known when the set was made: nothing decided before it may judge the model. */
  readonly asOfTs: number;
  readonly expiresTs: number | null;
  /** Opens a model in ONNX; null: this machine cannot. */
  readonly onnx: OnnxLoader | null;
}

/** ONNX is a protobuf message that begins with the number of its format's version. */
export const isOnnx = (bytes: Uint8Array): boolean => bytes[0] === 0x08;

/** The model in ONNX within a file, one of ours or as it is; null: there is none in it. */
export function onnxIn(bytes: Uint8Array): Uint8Array | null {
  if (isOnnx(bytes)) return bytes;
  if (bytes[0] !== '{'.charCodeAt(0)) return null;
  const { format, direction } = decodeArtefact(bytes);
  return format === ONNX_FORMAT ? new Uint8Array(Buffer.from(direction, 'base64')) : null;
}

/** The artefact behind a file. Throws an error that says what was found and what is understood. */
export function makeArtefact(request: ImportRequest): {
  readonly bytes: Uint8Array;
  readonly manifest: ModelManifest;
} {
  const { bytes, datasetId, labelSpec } = request;
  const head = new TextDecoder().decode(bytes.subarray(0, 5));
  if (head.startsWith('{')) {
    const { manifest } = decodeArtefact(bytes);
    checkManifest(manifest);
    if (manifest.label_spec !== labelSpec) {
      throw new Error(
        `the model predicts ${manifest.label_spec}, the data set is of ${labelSpec}: name its own`,
      );
    }
    if (manifest.dataset_id !== null && manifest.dataset_id !== datasetId) {
      throw new Error(
        `the model says that it was trained on ${manifest.dataset_id}, not on ${datasetId}`,
      );
    }
    return { bytes, manifest };
  }
  if (isOnnx(bytes)) return importOnnx(request);
  if (head !== 'tree\n' && head !== 'tree\r') {
    throw new Error(
      `a file of ${bytes.length} bytes that is neither ${MODEL_FORMAT} (JSON) nor ONNX nor the ` +
        'text that LightGBM saves (it begins with "tree"): save a model by booster.save_model(path)',
    );
  }
  return importLightgbm(request, new TextDecoder().decode(bytes));
}

type Imported = ReturnType<typeof makeArtefact>;

function importLightgbm(request: ImportRequest, text: string): Imported {
  const model = parseLightgbmModel(text);
  checkModel(model.objective, model.featureNames, request.featureNames);
  const library = 'lightgbm, brought as text';
  const made = { format: MODEL_FORMAT, direction: text, library, rounds: model.trees } as const;
  return artefactFrom(request, made);
}

/** Fewer of its own rows than these answered: it was not trained on what the stream serves. */
const ANSWERED_SHARE = 0.9;

function importOnnx(request: ImportRequest): Imported {
  const { bytes, rows, featureNames, onnx } = request;
  if (onnx === null) throw new Error('a model in ONNX, and this machine cannot open it');
  const model = onnx(bytes);
  if (model.columns !== featureNames.length) {
    throw new Error(
      `the model takes ${model.columns} columns, the stream has ${featureNames.length} features: ` +
        "train on the data set's feature columns in their order",
    );
  }
  const answered = rows.filter(({ values }) => {
    const predicted = model.probabilityUp(values);
    return predicted >= 0 && predicted <= 1;
  }).length;
  if (answered < ANSWERED_SHARE * rows.length) {
    throw new Error(
      `the model answers ${answered} of the ${rows.length} rows of its data set with a ` +
        'probability: where values are missing it has to fill them in (SimpleImputer)',
    );
  }
  const direction = Buffer.from(bytes).toString('base64');
  const library = 'onnx, brought as a file';
  return artefactFrom(request, { format: ONNX_FORMAT, direction, library, rounds: 0 });
}

interface Made extends Pick<ModelArtefact, 'format' | 'direction'> {
  readonly library: string;
  readonly rounds: number;
}

function artefactFrom(
  request: ImportRequest,
  { format, direction, library, rounds }: Made,
): Imported {
  const { rows, featureNames } = request;
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) {
    throw new Error(`data set ${request.datasetId} has no rows of this instrument in the tables`);
  }
  const all = Uint32Array.from(rows, (_, i) => i);
  const ups = rows.reduce((sum, { up }) => sum + up, 0);
  const baseRate = (ups + 1) / (rows.length + 2);
  const moved = rows.reduce((sum, { forwardReturn }) => sum + Math.abs(forwardReturn), 0);
  const span = { from_ts: first.decidedTs, to_ts: last.decidedTs };
  const manifest: ModelManifest = {
    feature_set: request.featureSet,
    features: featureRanges(rows, all, featureNames),
    feature_bins: featureBins(rows, all, featureNames),
    label_spec: request.labelSpec,
    dataset_id: request.datasetId,
    seed: 0,
    rounds,
    library,
    params: {},
    window: span,
    trained: { ...span, rows: rows.length },
    expires_ts: request.expiresTs,
    serving: {
      base_log_odds: Math.log(baseRate / (1 - baseRate)),
      direction_shrink: 1,
      return_scale: moved / rows.length,
    },
    folds: [],
    slice: emptyReport(request.asOfTs, rows.length),
    gate: { passed: false, reasons: [] },
    importance: [],
  };
  const artefact: ModelArtefact = { format, manifest, direction, return: null };
  return { bytes: encodeArtefact(artefact), manifest };
}

function checkModel(
  objective: string,
  names: readonly string[],
  featureNames: readonly string[],
): void {
  if (!objective.startsWith('binary')) {
    throw new Error(`a LightGBM model with objective "${objective}"; up or not is binary`);
  }
  const sigmoid = objective.split(' ').find((option) => option.startsWith('sigmoid:'));
  if (sigmoid !== undefined && Number(sigmoid.slice('sigmoid:'.length)) !== 1) {
    throw new Error(`a LightGBM model with objective "${objective}": train it with sigmoid=1`);
  }
  const at = featureNames.findIndex((name, i) => name !== names[i]);
  if (at < 0 && names.length === featureNames.length) return;
  const place = at < 0 ? featureNames.length : at;
  throw new Error(
    `feature ${place} of the model is ${names[place] ?? 'none'}, the stream's is ` +
      `${featureNames[place] ?? 'none'}: train on the data set's feature columns in their order`,
  );
}

/**
 * The gate's verdict on the rows that were decided behind the data set's as-of barrier. The
 * features are the served ones; `replayParity` says whether a replay gives them again.
 */
export function judgeModel(
  model: ServingModel,
  rows: readonly TrainingRow[],
  options: {
    readonly labelSpec: string;
    readonly asOfTs: number;
    readonly replayParity: boolean;
    readonly seed: number;
    readonly settings?: Partial<GateSettings>;
  },
): GateVerdict {
  const { target, horizonUs } = parseLabelSpec(options.labelSpec);
  const judged = rows.filter(
    ({ decidedTs, championProbability }) =>
      decidedTs > options.asOfTs && championProbability !== null,
  );
  const predicted = judged.map(({ values }) => model.predict(values));
  const { base_log_odds } = model.manifest.serving;
  const baseRate = 1 / (1 + Math.exp(-base_log_odds));
  const isReturn = target === 'return';
  const rowLosses = isReturn ? squaredErrors : logLosses;
  const outcome = judged.map(({ up, forwardReturn }) => (isReturn ? forwardReturn : up));
  const column = (value: (row: TrainingRow, i: number) => number): Float64Array =>
    rowLosses(outcome, judged.map(value));
  return judge({
    decidedTs: judged.map(({ decidedTs }) => decidedTs),
    horizonUs,
    loss: isReturn ? 'squared_error' : 'log_loss',
    candidate: column((_, i) => predicted[i]![isReturn ? 'expectedReturn' : 'probabilityUp']),
    references: [
      {
        name: 'champion',
        losses: column((row) => (isReturn ? row.championReturn : row.championProbability) ?? 0),
      },
      { name: 'base_rate', losses: column(() => (isReturn ? 0 : baseRate)) },
    ],
    replayParity: options.replayParity,
    seed: options.seed,
    settings: options.settings,
  });
}
