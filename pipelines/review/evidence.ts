/**
 * a market's models at event time T, and what they predicted of outcomes known by T -> the evidence
 * of each session that has ended, kept, and where every model stands by it
 *
 * A session is computed once, when it has ended and all its labels are known, and is never changed:
 * whoever looks later reads the same.
 */
import type { Pool } from 'pg';
import { grouped } from '../../src/grouped.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import {
  sessionEnd,
  sessionLength,
  sessionValues,
  type SessionRange,
  type TimedBet,
} from '../../src/learning/evidence/sessions.ts';
import type { ChampionStanding, ShadowStanding } from '../../src/learning/evidence/standing.ts';
import {
  findChampion,
  shadowsIn,
  type KnownModel,
  type Market,
  type Registry,
} from '../../src/learning/model-change.ts';
import { inTransaction } from '../../src/postgres/postgres.ts';
import { lendTo, openLoan } from '../../src/postgres/tables/promotion-loans.ts';
import { heldSlot, type HeldSlot } from '../../src/postgres/tables/reviews.ts';
import {
  championStanding,
  keepSessions,
  shadowStanding,
  storedSessions,
  type StoredSession,
} from '../../src/postgres/tables/verdict-values.ts';
import { liveOutcomes } from '../../src/questdb/tables/live-outcomes.ts';
import type { Context } from '../../src/runtime/context.ts';
import { championBets, shadowBets, toOutcome, type LiveOutcome } from './live-bets.ts';
import { GAIN_WINDOW_HORIZONS, liveGain } from './live-gain.ts';
import type { GateVerdict } from '../../src/learning/gate.ts';

export interface KnownChampion {
  readonly modelId: string;
  readonly expiresTs: number | null;
  readonly standing: ChampionStanding;
  /** Is its class prior better, by its newest rows? It informs, and decides nothing. */
  readonly gain: GateVerdict;
}

export interface KnownShadow {
  readonly modelId: string;
  readonly expiresTs: number | null;
  readonly loan: number;
  readonly standing: ShadowStanding;
}

export interface MarketEvidence {
  readonly champion: KnownChampion | null;
  readonly shadows: readonly KnownShadow[];
}

/** A model in a slot: since when, by which record, and its sessions so far. */
interface Tenure extends HeldSlot {
  readonly model: KnownModel;
  readonly controlId: string;
  readonly slot: string;
  readonly sessions: readonly StoredSession[];
  readonly loan: number;
}

/** By slot, in order of decision. */
type Outcomes = (slot: string) => readonly LiveOutcome[];

interface Times {
  readonly atTs: number;
  readonly horizonUs: number;
  readonly latenessUs: number;
  readonly sessionUs: number;
}

/** Everything up to `atTs` is graded. */
export async function marketEvidence(
  context: Pick<Context, 'postgres' | 'config' | 'questdbReader'>,
  registry: Registry,
  atTs: number,
): Promise<MarketEvidence> {
  const { postgres, config } = context;
  const { market } = registry;
  const { horizonUs } = parseLabelSpec(market.labelSpec);
  const latenessUs = venueLateness(market.venue, config.latenessUs);
  const times = { atTs, horizonUs, latenessUs, sessionUs: sessionLength(horizonUs, latenessUs) };
  const champion = await championTenure(postgres, registry, times);
  const shadows = await shadowTenures(postgres, registry, times);
  const outcomes = await readOutcomes(context, market, champion, shadows, times);
  const known = { outcomes, championId: champion?.model.modelId ?? null };
  return {
    champion:
      champion === null ? null : await knownChampion(postgres, market, champion, outcomes, times),
    shadows: await Promise.all(
      shadows.map((tenure) => knownShadow(postgres, market, tenure, known, times)),
    ),
  };
}

async function championTenure(
  pool: Pool,
  registry: Registry,
  times: Times,
): Promise<Tenure | null> {
  const model = findChampion(registry);
  if (model === null) return null;
  const held = await heldSlot(pool, registry.market, 'champion', model.modelId);
  return held.controlId === null
    ? null
    : toTenure(pool, { ...held, model, controlId: held.controlId, slot: 'champion' }, times);
}

async function shadowTenures(pool: Pool, registry: Registry, times: Times): Promise<Tenure[]> {
  const tenures: Tenure[] = [];
  for (const model of shadowsIn(registry)) {
    const { modelId } = model;
    const held = await heldSlot(pool, registry.market, modelId, modelId);
    if (held.controlId === null) continue;
    const { controlId } = held;
    const { loan, admittedTs } = await ensureLoan(pool, { modelId, controlId, atTs: times.atTs });
    // Evidence begins behind its loan, which must not depend on it.
    const fromTs = Math.max(held.fromTs, admittedTs ?? 0);
    tenures.push(
      await toTenure(pool, { ...held, fromTs, model, controlId, slot: modelId, loan }, times),
    );
  }
  return tenures;
}

/** Shadows of before there were loans are lent theirs at their first review. */
async function ensureLoan(
  pool: Pool,
  of: { readonly modelId: string; readonly controlId: string; readonly atTs: number },
): Promise<{ readonly loan: number; readonly admittedTs: number | null }> {
  const open = await openLoan(pool, of.modelId);
  if (open !== null) return open;
  return inTransaction(pool, async (client) => {
    await lendTo(client, of);
    return (await openLoan(client, of.modelId)) ?? { loan: 0, admittedTs: of.atTs };
  });
}

async function toTenure(
  pool: Pool,
  of: HeldSlot & {
    readonly model: KnownModel;
    readonly controlId: string;
    readonly slot: string;
    readonly loan?: number;
  },
  { atTs, horizonUs }: Times,
): Promise<Tenure> {
  const stored = await storedSessions(pool, of.controlId);
  // A review that is late finds sessions of after its own time.
  const sessions = stored.filter((session) => sessionEnd(session, horizonUs) <= atTs);
  return { ...of, loan: of.loan ?? 0, sessions };
}

/** From when on bets are not kept yet: the first session may begin in the middle of a day. */
const firstUnkept = ({ sessions, fromTs }: Tenure, { horizonUs }: Times): number =>
  Math.max(fromTs, ...sessions.map((session) => sessionEnd(session, horizonUs)));

/** What the sessions need that are not kept yet, and the window of `live-gain.ts`. */
async function readOutcomes(
  context: Pick<Context, 'questdbReader'>,
  market: Market,
  champion: Tenure | null,
  shadows: readonly Tenure[],
  times: Times,
): Promise<Outcomes> {
  const { atTs, horizonUs, latenessUs, sessionUs } = times;
  const tenures = [...shadows, ...(champion === null ? [] : [champion])];
  // The whole session before too: by its returns the next one's are scored.
  const needed = tenures.map(
    (tenure) => (Math.floor(firstUnkept(tenure, times) / sessionUs) - 1) * sessionUs,
  );
  const window = atTs - GAIN_WINDOW_HORIZONS * horizonUs;
  const fromUs = Math.min(
    ...needed,
    champion === null ? Infinity : Math.max(window, champion.fromTs),
  );
  const decidedByUs = atTs - horizonUs - latenessUs;
  if (fromUs > decidedByUs) return () => [];
  const rows = await liveOutcomes(context.questdbReader(), market, {
    labelSpec: market.labelSpec,
    slots: ['champion', ...shadows.map(({ slot }) => slot)],
    fromUs: Math.max(0, fromUs),
    decidedByUs,
  });
  const bySlot = grouped(rows, ({ slot }) => slot);
  return (slot) => (bySlot.get(slot) ?? []).map(toOutcome);
}

async function knownChampion(
  pool: Pool,
  { labelSpec }: Market,
  tenure: Tenure,
  outcomes: Outcomes,
  times: Times,
): Promise<KnownChampion> {
  const { model, controlId, baseProbability, fromTs } = tenure;
  const { modelId, expiresTs } = model;
  const rows = outcomes('champion').filter(({ decidedTs }) => decidedTs >= fromTs);
  const bets = championBets(rows, modelId, { ...times, labelSpec, baseProbability });
  const fresh = newSessions(tenure, times, bets, 'base_rate', 'reference');
  await keepSessions(pool, { controlId, modelId }, fresh);
  const gain = { modelId, labelSpec, baseProbability, fromTs, atTs: times.atTs };
  return {
    modelId,
    expiresTs,
    standing: championStanding([...tenure.sessions, ...fresh]),
    gain: liveGain(rows, gain),
  };
}

async function knownShadow(
  pool: Pool,
  { labelSpec }: Market,
  tenure: Tenure,
  { outcomes, championId }: { outcomes: Outcomes; championId: string | null },
  times: Times,
): Promise<KnownShadow> {
  const { model, controlId, baseProbability, loan } = tenure;
  const { modelId, expiresTs } = model;
  const rules = { ...times, labelSpec, baseProbability };
  const bets = shadowBets(outcomes(modelId), outcomes('champion'), rules);
  const fresh = [
    ...newSessions(tenure, times, bets.champion, 'champion', 'candidate'),
    ...newSessions(tenure, times, bets.base_rate, 'base_rate', 'candidate'),
  ].toSorted((a, b) => a.sessionTs - b.sessionTs);
  await keepSessions(pool, { controlId, modelId }, fresh);
  const standing = shadowStanding([...tenure.sessions, ...fresh], championId);
  return { modelId, expiresTs, loan, standing };
}

const newSessions = (
  tenure: Tenure,
  times: Times,
  bets: readonly TimedBet[],
  reference: StoredSession['reference'],
  side: SessionRange['side'],
): StoredSession[] =>
  sessionValues(bets, {
    ...times,
    side,
    fromTs: firstUnkept(tenure, times),
    untilTs: times.atTs,
  }).map((session) => ({ ...session, reference, side }));
