/**
 * The review of an instrument's models at event time T: what they predicted of decisions whose
 * outcome was known by T -> the champion stays or is taken back, a shadow takes its place, is
 * withdrawn or waits, candidates become shadows. Each change is a control record; the evidence is
 * kept session by session.
 *
 * 1. Nothing to look at: nothing is waited for either.
 * 2. It waits until the flow has come here and every decision that can be graded is graded.
 * 3. The evidence of the sessions that have ended since, from outcomes as they were first graded.
 * 4. What speaks for training again, and its training made due: before anything is changed, so that
 *    a review that is repeated finds the same.
 * 5. The rules of `promotion-policy.ts`; the registry's transaction for each change.
 */
import type { Pool } from 'pg';
import { must } from '../../src/assert.ts';
import { parseInstrumentKey, instrumentKey } from '../../src/domain/wire.ts';
import type { Market, ModelRequest, Registry } from '../../src/learning/model-change.ts';
import { mayFollow } from '../../src/learning/waiting.ts';
import { inTransaction } from '../../src/postgres/postgres.ts';
import { settleAlerts } from '../../src/postgres/tables/alerts.ts';
import { finishRun } from '../../src/postgres/tables/job-runs.ts';
import { readLedger } from '../../src/postgres/tables/promotion-loans.ts';
import { changeModel, noteWaiting, readRegistry } from '../../src/postgres/tables/registry.ts';
import { holdoutGains, keepJudgement, reviewedMarkets } from '../../src/postgres/tables/reviews.ts';
import type { JobData } from '../../src/queue/queue.ts';
import type { Context } from '../../src/runtime/context.ts';
import { drainedAndGraded } from '../control/as-of-barrier.ts';
import { marketEvidence, type MarketEvidence } from './evidence.ts';
import { judgeImported } from './judge-imported.ts';
import { decide, type Decision } from './promotion-policy.ts';
import { fireRetraining } from './retrain.ts';

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
  const decisions: Decision[] = [];
  for (const market of markets) decisions.push(...(await reviewMarket(context, market, dueTs)));
  await finishRun(postgres, run, 'done', {
    reason: decisions.map(({ modelId, why }) => `${modelId}: ${why}`).join('; '),
    decisions,
  });
}

async function reviewMarket(
  context: Context,
  market: Market,
  atTs: number,
): Promise<readonly Decision[]> {
  const { postgres } = context;
  await judgeImported(context, market, atTs);
  const registry = await inTransaction(postgres, (client) => readRegistry(client, market, atTs));
  const evidence = await marketEvidence(context, registry, atTs);
  await fireRetraining(context, market, atTs, evidence);
  const decisions = decide({
    ...evidence,
    atTs,
    waiting: await waitingCandidates(postgres, registry, atTs),
    ledger: await readLedger(postgres),
  });
  await keepEvidence(postgres, evidence, decisions, atTs);
  for (const { modelId, about, why, deed } of decisions) {
    if (deed === null) continue;
    const request: ModelRequest =
      deed === 'promote' ? { action: deed, modelId, force: false } : { action: deed, modelId };
    const by = { actor: 'review', why, cause: `review:${atTs}`, atTs };
    const { champion } = await changeModel(postgres, request, market, by);
    if (about === 'champion') await alarm(postgres, market, { modelId, why, champion });
  }
  // Also where nothing was changed: time alone makes a candidate expire, and verdicts come.
  await inTransaction(postgres, async (client) =>
    noteWaiting(client, await readRegistry(client, market, atTs)),
  );
  return decisions;
}

/** Those that passed the gate and have not expired, the newest first. */
async function waitingCandidates(postgres: Pool, { models }: Registry, atTs: number) {
  const waiting = models.filter((model) => mayFollow(model, atTs)).map(({ modelId }) => modelId);
  const gains = await holdoutGains(postgres, waiting);
  return waiting.map((modelId) => ({ modelId, gain: gains.get(modelId) ?? null }));
}

/** In the models' metrics, where everybody looks; all of it can be had from `verdict_values`. */
async function keepEvidence(
  postgres: Pool,
  { champion, shadows }: MarketEvidence,
  decisions: readonly Decision[],
  atTs: number,
): Promise<void> {
  const findWhy = (of: string): string =>
    decisions.findLast(({ modelId }) => modelId === of)?.why ?? '';
  if (champion !== null) {
    const { modelId, standing, gain: verdict } = champion;
    const { sessions, bets, gain, logAlarm } = standing;
    const evidence = { sessions, bets, gain, log_alarm: logAlarm };
    await keepJudgement(postgres, modelId, 'champion', {
      at_ts: atTs,
      why: findWhy(modelId),
      evidence,
      verdict,
    });
  }
  for (const { modelId, loan, standing } of shadows) {
    const { sessions, bets, gain, logEvidence, lowLooks: low_looks } = standing;
    const evidence = { sessions, bets, gain, log_evidence: logEvidence, low_looks, loan };
    await keepJudgement(postgres, modelId, 'shadow', {
      at_ts: atTs,
      why: findWhy(modelId),
      evidence,
    });
  }
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
