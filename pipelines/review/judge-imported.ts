/**
 * Models that were trained elsewhere and imported -> their verdicts, as soon as enough decisions
 * behind the as-of barrier of their set are graded. Until then they wait as candidates, and every
 * look says for how much; what has enough and fails is rejected.
 */
import { FEATURE_SET } from '../../src/features/definition.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { judgeModel } from '../../src/learning/imported-model.ts';
import type { GateVerdict } from '../../src/learning/gate.ts';
import type { Market } from '../../src/learning/model-change.ts';
import { loadTrainingSet } from '../dataset/load.ts';
import type { Context } from '../../src/runtime/context.ts';
import { servableHere } from '../../src/postgres/tables/model-source.ts';
import { changeModel } from '../../src/postgres/tables/registry.ts';
import { importedCandidates, keepVerdict } from '../../src/postgres/tables/reviews.ts';
import { replayParity } from '../quality/replay-parity.ts';

const SEED = 20_140_501;

/** One model's verdict by outcomes known at `atTs`. */
export interface ImportedVerdict {
  readonly modelId: string;
  readonly verdict: GateVerdict;
}

export async function judgeImported(
  context: Context,
  market: Market,
  atTs: number,
): Promise<ImportedVerdict[]> {
  const { postgres } = context;
  const verdicts: ImportedVerdict[] = [];
  for (const { modelId, sha256, artifact, asOfTs } of await importedCandidates(postgres, market)) {
    const model = await servableHere(artifact, { modelId, sha256 });
    const range = { fromUs: asOfTs, toUs: atTs, asOfUs: atTs };
    const set = await loadTrainingSet(context.questdbReader(), { ...market, ...range });
    // Only some of the rows are compared here: how far all were is the training's to say.
    const parity = await replayParity(context, market, range, set, { save: false });
    const verdict = judgeModel(model, set.rows, {
      labelSpec: market.labelSpec,
      asOfTs,
      replayParity: parity.holds,
      seed: SEED,
    });
    verdicts.push({ modelId, verdict });
    await keepVerdict(postgres, modelId, verdict);
    if (verdict.passed || lacksRows(verdict)) continue;
    const why = `it did not pass the gate of ${instrumentKey(market)} (${FEATURE_SET})`;
    const by = { actor: 'gate', why, cause: `gate:${atTs}`, atTs };
    await changeModel(postgres, { action: 'reject', modelId }, market, by);
  }
  return verdicts;
}

/** Refused for want of rows alone, or besides: time will tell. */
const lacksRows = ({ reasons }: GateVerdict): boolean =>
  reasons.some(({ rule, passed }) => rule.startsWith('minimum_') && !passed);
