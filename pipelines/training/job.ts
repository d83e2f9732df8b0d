/**
 * The training job of an instrument at event time T:
 *
 * 1. An as-of barrier goes into the log: what lies behind it is known later than this training.
 * 2. It waits until the flow has come there and every decision that can be graded is graded.
 * 3. The training set as known at the as-of barrier; too few rows are a refusal with the numbers.
 * 4. Replay parity: the served features against those recomputed from the stored ticks.
 * 5. Training and the gate; model, data set and verdict are stored.
 * 6. A model that passed becomes a shadow by a control record; the reviews decide what follows.
 */
import { createHash } from 'node:crypto';
import { lightgbmLibrary } from '../../infra/local/lightgbm.ts';
import { makeModelId } from './model-id.ts';
import { must } from '../../src/assert.ts';
import { loadLightgbm } from '../../src/models/lightgbm.ts';
import type { JobData } from '../../src/queue/queue.ts';
import { completeDecisions } from '../dataset/definition.ts';
import { importsSettledBy, newestImport } from '../dataset/imports.ts';
import { loadTrainingSet } from '../dataset/load.ts';
import { trainedSet } from '../dataset/trained.ts';
import { codeVersion } from '../../src/code-version.ts';
import { formatUs, US_PER_DAY } from '../../src/domain/time.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { trainCandidate, type Candidate } from '../../src/learning/train.ts';
import type { Context } from '../../src/runtime/context.ts';
import { finishRun, noteStep } from '../../src/postgres/tables/job-runs.ts';
import { registerTrained } from '../../src/postgres/tables/registry.ts';
import { appendBarrier } from '../control/as-of-barrier.ts';
import { replayParity } from '../quality/replay-parity.ts';
import { poolMembers, trainingPool } from './training-pool.ts';

/** Below this many graded decisions nothing is trained. */
const MIN_ROWS = 4_000;
const WINDOW_US = 90 * US_PER_DAY;
const SEED = 20_140_501;

export async function runTraining(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres, config } = context;
  const run = { job: 'training', subject, due_ts: dueTs };
  const instrument = must(parseInstrumentKey(subject), `subject "${subject}" is an instrument`);
  const labelSpec = config.labelSpec;
  const library = await lightgbmLibrary(config);
  if (library.path === null) {
    await finishRun(postgres, run, 'refused', { reason: library.reason });
    return;
  }
  await noteStep(postgres, run, 'waits until all that it is to know is stored and graded');
  const settledUs = await importsSettledBy(context);
  const asOfUs = await appendBarrier(context, { job: 'training', subject, dueTs });
  await noteStep(postgres, run, 'reads the training set');
  const reader = context.questdbReader();
  const window = { fromUs: Math.max(0, dueTs - WINDOW_US), toUs: dueTs, asOfUs };
  const instruments = [...new Set([subject, ...poolMembers(context, subject)])];
  const wanted = completeDecisions({ ...window, labelSpec, instruments });
  const importedByUs = await newestImport(reader, wanted, Math.max(asOfUs, settledUs));
  const range = { ...window, importedByUs: importedByUs ?? undefined };
  const set = await loadTrainingSet(reader, { ...instrument, labelSpec, ...range });
  const counts = { rows: set.rows.length, rows_in: set.rowsIn, excluded: set.excluded };
  if (set.rows.length < MIN_ROWS) {
    const reason = `${set.rows.length} graded decisions, ${MIN_ROWS} are needed`;
    await finishRun(postgres, run, 'refused', { reason, ...counts });
    return;
  }
  const pool = await trainingPool(context, subject, { labelSpec, ...range });
  await noteStep(postgres, run, `recomputes the features of ${set.rows.length} decisions`);
  const parity = await replayParity(context, instrument, range, set);
  await noteStep(postgres, run, `trains on ${set.rows.length} decisions`);
  const dataset = trainedSet({ subject, labelSpec, ...range, set, pool });
  const candidate = trainCandidate({
    rows: set.rows,
    featureNames: FEATURE_NAMES,
    featureSet: FEATURE_SET,
    labelSpec,
    datasetId: dataset.dataset_id,
    trainer: loadLightgbm(library.path),
    seed: SEED,
    expiresTs: dueTs + config.modelExpiresUs,
    replayParity: parity.holds,
    refit: true,
    bags: config.trainSeeds,
    kinds: config.trainKinds,
    pool,
  });
  const sha256 = createHash('sha256').update(candidate.bytes).digest('hex');
  const day = formatUs(dueTs).slice(0, 10);
  const modelId = makeModelId(instrument.symbol, labelSpec, day, sha256);
  await registerTrained(postgres, {
    ...instrument,
    ...candidate,
    labelSpec,
    modelId,
    sha256,
    trainedTs: dueTs,
    origin: 'training',
    codeVersion: codeVersion(),
    actor: 'training',
    why: `trained at ${formatUs(dueTs)}`,
    dataset,
  });
  await finishRun(postgres, run, 'done', {
    model_id: modelId,
    reason: verdictText(modelId, candidate),
    verdict: candidate.verdict,
    parity,
    ...counts,
  });
}

function verdictText(modelId: string, { verdict }: Candidate): string {
  const failed = verdict.reasons.filter(({ passed }) => !passed);
  if (verdict.passed) return `${modelId} passed the gate`;
  return `${modelId} refused: ${failed.map(({ detail }) => detail).join('; ')}`;
}
