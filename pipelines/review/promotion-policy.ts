/**
 * where the champion and the shadows of a market stand -> what is to be done
 *
 * 1. A champion that has expired goes; so does one whose e-detector says that the class prior is
 *    better. The baseline decides then, and what it had replaced may win its place back.
 * 2. The shadow with the most evidence is promoted, if it pays its loan (`loans.ts`).
 * 3. A shadow that has lost, has expired or has had its time is withdrawn.
 * 4. Waiting candidates take the free places, the newest first. Where none is free, one makes room
 *    that is not winning and promises less than the candidate.
 *
 * No step looks at a clock, and none can be taken too often: all of it may be asked at any session.
 */
import { must } from '../../src/assert.ts';
import { formatUs } from '../../src/domain/time.ts';
import { isPaid, neededEvidence, type LoanLedger } from '../../src/learning/evidence/loans.ts';
import { SHADOW_PLACES } from '../../src/learning/model-change.ts';
import type { ChampionStanding, ShadowStanding } from '../../src/learning/evidence/standing.ts';

export interface DecideSettings {
  /** Shadows of a market at a time. */
  readonly places: number;
  /** A shadow with hardly any evidence left at so many looks in succession has lost. */
  readonly lowLooks: number;
  /** A shadow that has not won in so many sessions is withdrawn. */
  readonly patience: number;
  /** The e-detector's alarm: a good champion meets it once in so many sessions, at most. */
  readonly alarmAt: number;
}

export const DEFAULT_DECIDE: DecideSettings = {
  places: SHADOW_PLACES,
  lowLooks: 3,
  patience: 180,
  alarmAt: 365,
};

export interface DecidedShadow {
  readonly modelId: string;
  readonly expiresTs: number | null;
  readonly loan: number;
  readonly standing: ShadowStanding;
}

/** A candidate that passed the gate and waits for a place. */
export interface WaitingCandidate {
  readonly modelId: string;
  /** Its gain against the class prior on the holdout, nats a row; null: not known. */
  readonly gain: number | null;
}

export interface DecideInput {
  /** The event time of the look. */
  readonly atTs: number;
  /** Null: the baseline decides, which is not watched. */
  readonly champion: {
    readonly modelId: string;
    readonly expiresTs: number | null;
    readonly standing: ChampionStanding;
  } | null;
  readonly shadows: readonly DecidedShadow[];
  /** Newest first, none of them expired. */
  readonly waiting: readonly WaitingCandidate[];
  readonly ledger: LoanLedger;
  readonly settings?: Partial<DecideSettings>;
}

export type Deed = 'expire' | 'demote' | 'promote' | 'reject' | 'shadow';

/** What was looked at, what came out in words, and what is to be done; null: nothing. */
export interface Decision {
  readonly modelId: string;
  readonly about: 'champion' | 'shadow' | 'candidate';
  readonly deed: Deed | null;
  readonly why: string;
}

/** The decisions in the order in which they are to be carried out. */
export function decide(input: DecideInput): readonly Decision[] {
  const settings = { ...DEFAULT_DECIDE, ...input.settings };
  const champion = input.champion === null ? [] : [aboutChampion(input, settings)];
  const shadows = ofShadows(input, settings);
  const stays = champion[0]?.deed === null;
  const isPromoted = shadows.some(({ deed }) => deed === 'promote');
  // Whoever is replaced takes the place that the promoted one leaves.
  const taken = shadows.filter(({ deed }) => deed === null).length + (isPromoted && stays ? 1 : 0);
  return [...champion, ...shadows, ...ofWaiting(input, shadows, settings, settings.places - taken)];
}

function aboutChampion({ champion, atTs }: DecideInput, { alarmAt }: DecideSettings): Decision {
  const { modelId, expiresTs, standing } = must(champion);
  const about = 'champion';
  if (expiresTs !== null && atTs > expiresTs) {
    return { modelId, about, deed: 'expire', why: `it expired at ${formatUs(expiresTs)}` };
  }
  const alarm = `${count(standing.logAlarm)} of ${alarmAt} that raise the alarm`;
  const behind = `${standing.sessions} sessions of ${standing.bets} outcomes`;
  return standing.logAlarm >= Math.log(alarmAt)
    ? {
        modelId,
        about,
        deed: 'demote',
        why: `the class prior predicts better than it: ${alarm}, ${behind}`,
      }
    : {
        modelId,
        about,
        deed: null,
        why: `it stays: nothing says that the class prior is better (${alarm}, ${behind})`,
      };
}

function ofShadows(input: DecideInput, settings: DecideSettings): Decision[] {
  const { ledger, shadows } = input;
  const surest = shadows
    .filter((shadow) => !hasExpired(shadow, input.atTs))
    .toSorted((a, b) => strength(b) - strength(a))[0];
  const winner = surest !== undefined && isPaid(ledger, toOpenLoan(surest)) ? surest : null;
  return shadows.map((shadow) =>
    shadow === winner ? promoted(ledger, shadow) : aboutShadow(input, shadow, settings),
  );
}

const promoted = (ledger: LoanLedger, { modelId, loan, standing }: DecidedShadow): Decision => ({
  modelId,
  about: 'shadow',
  deed: 'promote',
  why:
    'it predicts better than whoever decided and than the class prior, on the same live rows: ' +
    evidenceText(ledger, loan, standing),
});

function aboutShadow(
  { atTs, ledger }: DecideInput,
  shadow: DecidedShadow,
  { lowLooks, patience }: DecideSettings,
): Decision {
  const { modelId, expiresTs, loan, standing } = shadow;
  const of = { modelId, about: 'shadow' } as const;
  if (hasExpired(shadow, atTs)) {
    return { ...of, deed: 'reject', why: `it expired at ${formatUs(expiresTs ?? 0)}` };
  }
  const evidence = evidenceText(ledger, loan, standing);
  if (standing.lowLooks >= lowLooks) {
    const why = `it has lost: ${standing.lowLooks} sessions in succession speak against it: `;
    return { ...of, deed: 'reject', why: why + evidence };
  }
  if (standing.sessions >= patience) {
    return { ...of, deed: 'reject', why: `it did not earn its place in time: ${evidence}` };
  }
  return { ...of, deed: null, why: `it stays a shadow: ${evidence}${paceText(ledger, shadow)}` };
}

function ofWaiting(
  { shadows, waiting }: DecideInput,
  decided: readonly Decision[],
  { lowLooks }: DecideSettings,
  free: number,
): Decision[] {
  const admitted = waiting.slice(0, Math.max(0, free)).map(({ modelId }): Decision => ({
    modelId,
    about: 'candidate',
    deed: 'shadow',
    why: 'it passed the gate, and a place of a shadow is free',
  }));
  const next = waiting[admitted.length];
  if (next === undefined) return admitted;
  const weakest = shadows
    .filter((_, i) => decided[i]?.deed === null)
    .toSorted((a, b) => a.standing.logEvidence - b.standing.logEvidence)[0];
  if (weakest === undefined || !isOutdone(weakest, next, lowLooks)) return admitted;
  return [
    ...admitted,
    {
      modelId: weakest.modelId,
      about: 'shadow',
      deed: 'reject',
      why:
        `it makes room: ${weakest.standing.sessions} sessions speak more against it than for it, ` +
        `and ${next.modelId} did better on its holdout`,
    },
    {
      modelId: next.modelId,
      about: 'candidate',
      deed: 'shadow',
      why: `it passed the gate, and ${weakest.modelId} makes room`,
    },
  ];
}

/** It has been looked at often enough, is not winning, and has gained less than is promised. */
function isOutdone(
  { standing }: DecidedShadow,
  { gain }: WaitingCandidate,
  lowLooks: number,
): boolean {
  if (standing.sessions < lowLooks || standing.logEvidence >= 0) return false;
  return gain !== null && gain > standing.gain.base_rate / standing.bets;
}

const hasExpired = ({ expiresTs }: DecidedShadow, atTs: number): boolean =>
  expiresTs !== null && atTs > expiresTs;

const toOpenLoan = ({ loan, standing }: DecidedShadow) => ({
  loan,
  logEvidence: standing.logEvidence,
});

const strength = ({ loan, standing }: DecidedShadow): number =>
  Math.log(loan) + standing.logEvidence;

/** "needs evidence of 41, has 12 after 3 sessions". */
function evidenceText(
  ledger: LoanLedger,
  loan: number,
  { logEvidence, sessions, bets }: ShadowStanding,
): string {
  const needed = count(neededEvidence(ledger, loan));
  const seen = `after ${sessions} sessions of ${bets} outcomes`;
  return `needs evidence of ${needed}, has ${count(logEvidence)} ${seen}`;
}

/** "; at this pace two more sessions", where it is on its way. */
function paceText(ledger: LoanLedger, { loan, standing }: DecidedShadow): string {
  const { sessions, logEvidence } = standing;
  if (sessions === 0 || logEvidence <= 0) return '';
  const left = neededEvidence(ledger, loan) - logEvidence;
  return `; at this pace ${Math.max(1, Math.ceil((left * sessions) / logEvidence))} more`;
}

/** A number that a person reads, from its logarithm. */
function count(log: number): string {
  if (log > Math.log(1e6)) return `1e${Math.floor(log / Math.LN10)}`;
  const value = Math.exp(log);
  return value >= 10 ? String(Math.floor(value)) : value.toFixed(value >= 0.1 ? 1 : 2);
}
