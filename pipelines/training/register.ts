/**
 * A model's file and the data set that it was trained on -> a candidate in the registry, judged on
 * what was decided behind the set's as-of barrier, and shadow if it passed and the place is free.
 */
import type { Pool } from 'pg';
import { createHash } from 'node:crypto';
import { fetchOnnxRuntime } from '../../infra/local/onnxruntime.ts';
import { makeModelId } from './model-id.ts';
import { probeOnnx } from '../../src/models/onnx-outside.ts';
import { loadOnnx } from '../../src/models/onnx.ts';
import { codeVersion } from '../../src/code-version.ts';
import { loadTrainingSet } from '../dataset/load.ts';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { makeArtefact, isOnnx, onnxIn } from '../../src/learning/imported-model.ts';
import type { GateVerdict } from '../../src/learning/gate.ts';
import { ChangeRefused } from '../../src/learning/model-change.ts';
import type { TrainingRow } from '../../src/learning/train-fold.ts';
import type { Context } from '../../src/runtime/context.ts';
import { servableHere } from '../../src/postgres/tables/model-source.ts';
import { changeModel, registerImported } from '../../src/postgres/tables/registry.ts';
import { storedWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import { judgeImported } from '../review/judge-imported.ts';

export interface RegisterRequest {
  readonly bytes: Uint8Array;
  readonly datasetId: string;
  /** `venue:symbol`; the data set's own where it has one alone. */
  readonly subject: string | null;
  readonly actor: string;
  readonly why: string;
}

export interface Registered {
  readonly modelId: string;
  readonly sha256: string;
  readonly isNew: boolean;
  readonly state: string;
  readonly verdict: GateVerdict | null;
}

/** Throws an error in words when the file, the data set or the instrument do not fit. */
export async function registerModel(
  context: Context,
  { bytes: file, datasetId, subject: requested, actor, why }: RegisterRequest,
  notify: (line: string) => void = () => undefined,
): Promise<Registered> {
  const { postgres } = context;
  const dataset = await readDataset(postgres, datasetId, requested);
  const { instrument, subject, labelSpec, asOfTs, importedByUs } = dataset;
  const range = { fromUs: dataset.fromTs, toUs: dataset.toTs, asOfUs: asOfTs, importedByUs };
  const set = await loadTrainingSet(context.questdbReader(), {
    ...instrument,
    labelSpec,
    ...range,
  });
  await tryOnnx(context, file, set.rows, notify);
  const { bytes, manifest } = makeArtefact({
    bytes: file,
    datasetId,
    labelSpec,
    rows: set.rows,
    asOfTs,
    featureSet: FEATURE_SET,
    featureNames: FEATURE_NAMES,
    expiresTs: asOfTs + context.config.modelExpiresUs,
    onnx: loadOnnx,
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const day = formatUs(asOfTs).slice(0, 10);
  const kind = isOnnx(file) ? 'onnx' : 'lgbm';
  const modelId = makeModelId(instrument.symbol, labelSpec, day, sha256, kind);
  // What the stream could not serve is refused here, with the reason, and not stored.
  await servableHere(bytes, { modelId, sha256 });
  const market = { ...instrument, labelSpec };
  const isNew = await registerImported(postgres, {
    ...market,
    modelId,
    sha256,
    bytes,
    manifest,
    datasetId,
    verdict: null,
    trainedTs: asOfTs,
    origin: 'registered',
    codeVersion: codeVersion(),
    actor,
    why,
  });
  const atTs = await storedWatermark(postgres, subject);
  if (isNew && atTs !== null) await judgeImported(context, market, atTs);
  const { state, verdict } = await found(postgres, modelId);
  if (state !== 'candidate' || verdict?.passed !== true) {
    return { modelId, sha256, isNew, state, verdict };
  }
  try {
    const by = { actor: 'gate', why: 'it passed the gate', cause: `gate:${atTs}` };
    await changeModel(postgres, { action: 'shadow', modelId }, market, by);
    return { modelId, sha256, isNew, state: 'shadow', verdict };
  } catch (error) {
    // Another one is the shadow: the review takes it up when that place is free.
    if (error instanceof ChangeRefused) return { modelId, sha256, isNew, state, verdict };
    throw error;
  }
}

/** Native code opens it: before that happens here, a child does that may not come back. */
async function tryOnnx(
  { config }: Context,
  file: Uint8Array,
  rows: readonly TrainingRow[],
  notify: (line: string) => void,
): Promise<void> {
  const model = onnxIn(file);
  if (model === null) return;
  await fetchOnnxRuntime(config, notify);
  const requested = { rows: rows.map(({ values }) => values), columns: FEATURE_NAMES.length };
  await probeOnnx(model, requested, config);
}

interface KnownDataset {
  readonly instrument: Instrument;
  readonly subject: string;
  readonly labelSpec: string;
  readonly fromTs: number;
  readonly toTs: number;
  readonly asOfTs: number;
  readonly importedByUs: number | undefined;
}

/** What is read of a data set's manifest: of one that was built, or of a training's own. */
interface DatasetFacts {
  readonly subject?: string;
  readonly instruments?: readonly string[];
  readonly from?: string | null;
  readonly to?: string | null;
  readonly as_of: string;
  readonly imported_by?: string;
  readonly label_spec: string | null;
}

async function readDataset(
  postgres: Pool,
  datasetId: string,
  requested: string | null,
): Promise<KnownDataset> {
  const { rows } = await postgres.query<{ manifest: DatasetFacts }>(
    'SELECT manifest FROM datasets WHERE dataset_id = $1',
    [datasetId],
  );
  const manifest = rows[0]?.manifest;
  if (manifest === undefined) {
    throw new Error(`there is no data set "${datasetId}": see tickloom dataset list`);
  }
  const { subject: one, instruments: several, from, to, as_of, label_spec } = manifest;
  if (label_spec === null) {
    throw new Error(`data set ${datasetId} has no outcomes: a model needs some to be judged by`);
  }
  const known = several ?? [one ?? 'no instrument'];
  const subject = requested ?? (known.length === 1 ? known[0] : undefined);
  if (subject === undefined || !known.includes(subject)) {
    throw new Error(
      `data set ${datasetId} is of ${known.join(', ')}: name one of them with --symbol` +
        (requested === null ? '' : `, not "${requested}"`),
    );
  }
  const instrument = parseInstrumentKey(subject);
  if (instrument === null) throw new Error(`"${subject}" is not of the form venue:symbol`);
  const asOfTs = parseUs(as_of);
  return {
    instrument,
    subject,
    labelSpec: label_spec,
    asOfTs,
    importedByUs: isTime(manifest.imported_by) ? parseUs(manifest.imported_by) : undefined,
    fromTs: isTime(from) ? parseUs(from) : 0,
    toTs: isTime(to) ? parseUs(to) : asOfTs,
  };
}

/** A set of own requests has no range: whatever was known at its `as_of` may be of it. */
const isTime = (text: string | null | undefined): text is string =>
  text !== null && text !== undefined;

async function found(
  postgres: Pool,
  modelId: string,
): Promise<{ readonly state: string; readonly verdict: GateVerdict | null }> {
  const { rows } = await postgres.query<{ state: string; verdict: GateVerdict | null }>(
    'SELECT state, verdict FROM models WHERE model_id = $1',
    [modelId],
  );
  return { state: rows[0]?.state ?? 'candidate', verdict: rows[0]?.verdict ?? null };
}
