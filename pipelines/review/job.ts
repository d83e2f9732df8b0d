/**
 * The review of an instrument's models at event time T: what they predicted where the outcome
 * was known by T -> the champion stays or is taken back, the shadow takes its place or waits, the
 * next candidate becomes shadow. Each change is a control record, each judgement is kept.
 *
 * 1. Nothing to look at: nothing is waited for either.
 * 2. It waits until the flow has come here and every decision that can be graded is graded.
 * 3. What the slots predicted, joined with the outcomes as they were first graded.
 * 4. What speaks for training again, and its training made due: before anything is changed, so that
 *    a review that is repeated finds the same.
 * 5. The rules of `pipelines/review/promotion-policy.ts`; the registry's transaction for each
 *    change.
 */
import type { Pool } from 'pg';
import {
  reviewModels,
  type Finding,
  type LiveOutcome,
  type SlotHistory,
} from './promotion-policy.ts';
import type { JobData } from '../../src/queue/queue.ts';
import { inTransaction } from '../../src/postgres/postgres.ts';
import { must } from '../../src/assert.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { parseInstrumentKey, instrumentKey } from '../../src/domain/wire.ts';
import {
  findChampion,
  findShadow,
  type Market,
  type Registry,
} from '../../src/learning/model-change.ts';
import type { Context } from '../../src/runtime/context.ts';
import { settleAlerts } from '../../src/postgres/tables/alerts.ts';
import { finishRun } from '../../src/postgres/tables/job-runs.ts';
import { changeModel, noteWaiting, readRegistry } from '../../src/postgres/tables/registry.ts';
import {
  keepJudgement,
  lastRollback,
  reviewedMarkets,
  readSlot,
} from '../../src/postgres/tables/reviews.ts';
import { liveOutcomes, type LiveOutcomeRow } from '../../src/questdb/tables/live-outcomes.ts';
import { drainedAndGraded } from '../control/as-of-barrier.ts';
import { judgeImported } from './judge-imported.ts';
import { fireRetraining } from './retrain.ts';

const SEED = 20_140_501;

export async function runReview(context: Context, { subject, dueTs }: JobData): Promise<void> {
  const { postgres } = context;
  const run = { job: 'review', subject, due_ts: dueTs };
  const instrument = must(parseInstrumentKey(subject), `subject "${subject}" is an instrument`);
  const markets = await reviewedMarkets(postgres, instrument);
  if (markets.length === 0) {
    const reason = 'the baseline decides, and no model waits';
    await finishRun(postgres, run, 'done', { reason });
    return;
  }
  await drainedAndGraded(context, subject);
  await context.questdbReader().waitApplied(['predictions', 'labels']);
  const findings: Finding[] = [];
  for (const market of markets) findings.push(...(await reviewMarket(context, market, dueTs)));
  await finishRun(postgres, run, 'done', {
    reason: findings.map(({ modelId, why }) => `${modelId}: ${why}`).join('; '),
    findings,
  });
}

async function reviewMarket(
  context: Context,
  market: Market,
  atTs: number,
): Promise<readonly Finding[]> {
  const { postgres } = context;
  await judgeImported(context, market, atTs);
  const registry = await inTransaction(postgres, (client) => readRegistry(client, market, atTs));
  const findings = reviewModels({
    registry,
    labelSpec: market.labelSpec,
    atTs,
    ...(await histories(context, registry, atTs)),
    rolledBackTs: await lastRollback(postgres, market),
    seed: SEED,
  });
  await fireRetraining(context, market, atTs, findings);
  for (const { modelId, about, why, request, verdict, lost } of findings) {
    if (verdict !== null) await keepJudgement(postgres, modelId, about, { at_ts: atTs, verdict });
    if (lost !== undefined) {
      await keepJudgement(postgres, modelId, 'shadow_lost', { at_ts: atTs, verdict: lost });
    }
    if (request === null) continue;
    const by = { actor: 'review', why, cause: `review:${atTs}`, atTs };
    const { champion } = await changeModel(postgres, request, market, by);
    if (about === 'champion') await alarm(postgres, market, { modelId, why, champion });
  }
  // Also where nothing was changed: time alone makes a candidate expire, and verdicts come.
  await inTransaction(postgres, async (client) =>
    noteWaiting(client, await readRegistry(client, market, atTs)),
  );
  return findings;
}

/** Whoever decided decides no more: somebody should know. */
async function alarm(
  postgres: Pool,
  market: Market,
  { modelId, why, champion }: { modelId: string; why: string; champion: string | null },
): Promise<void> {
  const kind = `champion:${instrumentKey(market)}|${market.labelSpec}`;
  const message = `${modelId} decides no more for ${instrumentKey(market)}, ${champion ?? 'the baseline'} does: ${why}`;
  await settleAlerts(postgres, kind, [
    { key: `${kind}:${modelId}`, severity: 'warning', subject: modelId, message },
  ]);
}

async function histories(
  context: Context,
  registry: Registry,
  atTs: number,
): Promise<{ readonly champion: SlotHistory; readonly shadow: SlotHistory | null }> {
  const { postgres, config } = context;
  const { market } = registry;
  const [champion, shadow] = [findChampion(registry), findShadow(registry)];
  const championSlot = await readSlot(postgres, market, 'champion', champion?.modelId ?? null);
  const shadowSlot =
    shadow === null ? null : await readSlot(postgres, market, shadow.modelId, shadow.modelId);
  const latenessUs = venueLateness(market.venue, config.latenessUs);
  const { horizonUs } = parseLabelSpec(market.labelSpec);
  const fromTs = Math.min(
    champion === null ? Infinity : championSlot.fromTs,
    shadowSlot?.fromTs ?? Infinity,
  );
  const decidedByUs = atTs - horizonUs - latenessUs;
  const rows =
    fromTs > decidedByUs
      ? []
      : await liveOutcomes(context.questdbReader(), market, {
          labelSpec: market.labelSpec,
          slots: ['champion', ...(shadow === null ? [] : [shadow.modelId])],
          fromUs: fromTs,
          decidedByUs,
        });
  const slotOutcomes = (slot: string): LiveOutcome[] =>
    rows.filter((row) => row.slot === slot).map(toOutcome);
  return {
    champion: { ...championSlot, outcomes: slotOutcomes('champion') },
    shadow:
      shadow === null || shadowSlot === null
        ? null
        : { ...shadowSlot, outcomes: slotOutcomes(shadow.modelId) },
  };
}

const toOutcome = (row: LiveOutcomeRow): LiveOutcome => ({
  ts: row.ts,
  decidedTs: row.decided_ts,
  modelId: row.model_id,
  probabilityUp: row.probability_up,
  expectedReturn: row.expected_return,
  verdict: row.verdict,
  up: row.up,
  forwardReturn: row.forward_return,
});
