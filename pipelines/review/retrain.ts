/**
 * What a review found of a market's models at event time T -> the reasons for training again, each
 * kept, and the training of that time made due. Everything that is looked at was known at T, so the
 * same review once more fires the same.
 */
import type { Pool } from 'pg';
import type { KnownChampion, MarketEvidence } from './evidence.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { parseInstrumentKey } from '../../src/domain/wire.ts';
import { must } from '../../src/assert.ts';
import { driftSummary } from '../../src/learning/drift.ts';
import type { Market } from '../../src/learning/model-change.ts';
import {
  DEFAULT_RETRAIN,
  retrainTriggers,
  type Gain,
  type RetrainInput,
  type RetrainTrigger,
} from '../../src/learning/retrain.ts';
import type { Context } from '../../src/runtime/context.ts';
import { modelDrift } from '../../src/summaries/model-drift.ts';
import {
  fireTriggers,
  isCalendarDue,
  judgedGain,
  trainingBefore,
} from '../../src/postgres/tables/retrain-triggers.ts';
import { maturedBetween } from '../../src/questdb/tables/matured.ts';

/** Only the market that the training job trains for: nothing else could be trained again. */
const isTrained = ({ config }: Pick<Context, 'config'>, { labelSpec }: Market): boolean =>
  labelSpec === config.labelSpec;

/** `evidence`: of the champion and the shadows, before anything is changed by it. */
export async function fireRetraining(
  context: Context,
  market: Market,
  atTs: number,
  { champion, shadows }: MarketEvidence,
): Promise<readonly RetrainTrigger[]> {
  if (!isTrained(context, market)) return [];
  const known = {
    atTs,
    calendarEveryUs: null,
    drift: await measureDrift(context, champion ?? shadows[0] ?? null, atTs),
    decay: await measureDecay(context.postgres, champion),
    newData: await countNewData(context, market, atTs),
  };
  return fireTriggers(context.postgres, market, atTs, (fired) =>
    retrainTriggers({ ...known, fired }),
  );
}

/** Keeps that a training falls due by the calendar at `atTs`, and makes it due; once. */
export async function fireCalendar(
  { postgres, config }: Pick<Context, 'postgres' | 'config'>,
  subject: string,
  atTs: number,
): Promise<void> {
  const { retrainEveryUs, labelSpec } = config;
  const instrument = must(parseInstrumentKey(subject), `subject "${subject}" is an instrument`);
  const market = { ...instrument, labelSpec };
  if (!(await isCalendarDue(postgres, market, atTs))) return;
  const unknown = { drift: null, decay: null, newData: null };
  await fireTriggers(postgres, market, atTs, (fired) =>
    retrainTriggers({ atTs, calendarEveryUs: retrainEveryUs, ...unknown, fired }),
  );
}

async function measureDrift(
  context: Context,
  found: { readonly modelId: string } | null,
  atTs: number,
): Promise<RetrainInput['drift']> {
  if (found === null) return null;
  const reader = context.questdbReader();
  const drift = await modelDrift(reader, context.postgres, found.modelId, {
    windowUs: DEFAULT_RETRAIN.driftWindowUs,
    untilUs: atTs,
  });
  if (drift === null) return null;
  const gains = new Map(drift.features.map(({ name, gain_share }) => [name, gain_share]));
  const summary = driftSummary(drift.features, gains);
  return summary === null ? null : { modelId: found.modelId, rows: drift.rows, ...summary };
}

/**
 * `live-gain.ts` tests whether the class prior is better than the champion: the same rows and
 * errors, the other way round. Null where it has not judged enough rows.
 */
async function measureDecay(
  postgres: Pool,
  champion: KnownChampion | null,
): Promise<RetrainInput['decay']> {
  if (champion === null) return null;
  const { gain: verdict } = champion;
  const lacksRows = verdict.reasons.some(
    ({ rule, passed }) => rule.startsWith('minimum_') && !passed,
  );
  const comparison = verdict.comparisons?.find(({ reference }) => reference === 'champion');
  if (lacksRows || comparison === undefined) return null;
  const promised = await judgedGain(postgres, champion.modelId);
  if (promised === null) return null;
  const { gain, standard_error, rows } = comparison;
  const live: Gain = { gain: -gain, standard_error, rows };
  return { modelId: champion.modelId, promised, live };
}

/** Outcomes that could be known at `atTs` and could not at the last training. */
async function countNewData(
  context: Context,
  market: Market,
  atTs: number,
): Promise<RetrainInput['newData']> {
  const last = await trainingBefore(context.postgres, market, atTs);
  if (last === null) return null;
  const { labelSpec } = market;
  const latenessUs = venueLateness(market.venue, context.config.latenessUs);
  const behindUs = parseLabelSpec(labelSpec).horizonUs + latenessUs;
  const newRows = await maturedBetween(context.questdbReader(), market, {
    labelSpec,
    afterUs: last.trainedTs - behindUs,
    untilUs: atTs - behindUs,
  });
  return { ...last, newRows };
}
