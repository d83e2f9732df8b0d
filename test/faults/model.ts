/**
 * A model that both runs put into force: trained on rows that have nothing to do with the market,
 * so that what it says is arbitrary and the same everywhere.
 */
import { createHash } from 'node:crypto';
import { formatUs, parseUs } from '../../src/domain/time.ts';
import { FEATURE_NAMES, FEATURE_SET } from '../../src/features/definition.ts';
import { decodeArtefact, encodeArtefact } from '../../src/learning/artefact.ts';
import { trainCandidate, type Candidate } from '../../src/learning/train.ts';
import type { Context } from '../../src/runtime/context.ts';
import { changeModel, registerTrained } from '../../src/postgres/tables/registry.ts';
import { keepVerdict } from '../../src/postgres/tables/reviews.ts';
import { testLightgbm } from '../support/lightgbm.ts';
import { marketRows } from '../support/market-rows.ts';

const TRAINED_TS = parseUs('2026-02-01');
const LABEL_SPEC = 'direction_1h@1';
const INSTRUMENT = { venue: 'alpha', symbol: 'A/USD' };

export function arbitraryModel(): Candidate {
  const candidate = trainCandidate({
    rows: marketRows({ seed: 1, rows: 6_000, columns: FEATURE_NAMES.length, edge: 0.5 }),
    featureNames: FEATURE_NAMES,
    featureSet: FEATURE_SET,
    labelSpec: LABEL_SPEC,
    trainer: testLightgbm(),
    seed: 1,
    expiresTs: null,
    replayParity: true,
  });
  // Real features lie far from the drawn ones; the model is to speak all the same.
  const artefact = decodeArtefact(candidate.bytes);
  const features = artefact.manifest.features.map((range) => ({ ...range, low: null, high: null }));
  // And without bins nothing drifts: a training that this would bring is a matter of when one looks.
  const manifest = { ...artefact.manifest, features, feature_bins: [] };
  return {
    bytes: encodeArtefact({ ...artefact, manifest }),
    manifest,
    verdict: { ...candidate.verdict, passed: false },
  };
}

/**
 * Registers it and makes it champion: a row in `models`, and its control record in the outbox. It
 * counts as one that passed the gate, so that the bot for champions trades it beside the control
 * group, which trades the baseline of the other instruments.
 */
export async function promote(context: Context, candidate: Candidate): Promise<string> {
  const sha256 = createHash('sha256').update(candidate.bytes).digest('hex');
  const modelId = `arbitrary-${sha256.slice(0, 8)}`;
  const model = { ...INSTRUMENT, labelSpec: LABEL_SPEC, modelId, sha256 };
  const { bytes, manifest, verdict } = candidate;
  const by = { actor: 'fault proof', why: 'both runs are to have one' };
  await registerTrained(context.postgres, {
    ...{ ...model, ...by, bytes, manifest, verdict, codeVersion: 'any', origin: 'training' },
    trainedTs: TRAINED_TS,
    dataset: {
      ...{ dataset_id: 'ds-arbitrary', sha256: 'arbitrary' },
      ...{ rows: 6_000, as_of: formatUs(TRAINED_TS) },
    },
  });
  // Passed from the start it would become a shadow first.
  await keepVerdict(context.postgres, modelId, { ...verdict, passed: true });
  await changeModel(context.postgres, { action: 'promote', modelId, force: false }, null, {
    ...{ ...by, cause: 'fault proof', atTs: TRAINED_TS },
  });
  return modelId;
}
