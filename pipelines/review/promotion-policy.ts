/**
 * models of an instrument and their predictions with known outcomes -> what becomes of the models
 *
 * A model goes live only by a record in the log: its place there says from when it decides. Before
 * that it has to have passed the gate on a holdout that it never saw, and then, as a shadow, to
 * have done better on live outcomes than whoever decides, on the very same rows. A champion that is
 * worse than saying the base rate is taken back. Everything is counted in event time.
 */
import { must } from '../../src/assert.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { formatUs } from '../../src/domain/time.ts';
import {
  judge,
  type GateInput,
  type GateSettings,
  type GateVerdict,
} from '../../src/learning/gate.ts';
import { logLosses, squaredErrors } from '../../src/learning/metrics.ts';
import {
  findChampion,
  findShadow,
  type KnownModel,
  type ModelRequest,
  type Registry,
} from '../../src/learning/model-change.ts';
import { mayFollow } from '../../src/learning/waiting.ts';

/**
 * `lgbm-EUR-USD-direction_1h-20140506-1a2b3c4d`: what, for which market, when, and which exactly.
 */
export function makeModelId(
  symbol: string,
  labelSpec: string,
  trainedDay: string,
  sha256: string,
  kind: 'lgbm' | 'onnx' = 'lgbm',
): string {
  const market = symbol.replaceAll(/[^A-Za-z0-9]/g, '-');
  const [spec] = labelSpec.split('@');
  return `${kind}-${market}-${spec}-${trainedDay.replaceAll('-', '')}-${sha256.slice(0, 8)}`;
}

/** All lengths in horizons of the label: a day for `direction_1h@1` is 24. */
export interface ReviewSettings {
  /**
   * What a shadow has to show, by the gate's own margin, at one of its daily looks. Each look is
   * one more chance: of simulated shadows that equal the champion about a third passes at least
   * once in seven days (`test/pipelines/review/shadow-loss.test.ts`), three times the level. What
   * bounds this is the gate in front, which passes at most 5 % of noise, and the rollback behind.
   */
  readonly shadow: Partial<GateSettings>;
  /**
   * When a shadow has lost: whoever decides, or the base rate, was better than it. The level is
   * that of one look at one of the two. Daily looks raise this too: at most a fifth of those that
   * equal the champion is ended by chance in seven days. That is cheap: such a one would have to
   * win its place by chance.
   */
  readonly loss: Partial<GateSettings>;
  /** A shadow that has not won its place by then is rejected. */
  readonly shadowPatience: number;
  /** When the base rate counts as better than the champion. */
  readonly decline: Partial<GateSettings>;
  /** Only the champion's newest outcomes are looked at: the market may have turned. */
  readonly declineWindow: number;
  /** Behind a rollback nothing is promoted for so long. */
  readonly coolDown: number;
}

export const DEFAULT_REVIEW: ReviewSettings = {
  shadow: { level: 0.1, minRows: 500, minHorizons: 24 },
  loss: { level: 0.05, marginShare: 0, minRows: 500, minHorizons: 24 },
  shadowPatience: 7 * 24,
  decline: { level: 0.05, marginShare: 0, minRows: 500, minHorizons: 24 },
  declineWindow: 7 * 24,
  coolDown: 24,
};

/** What was predicted in one slot, and what happened. */
export interface LiveOutcome {
  /** The decision: the end of its candle. */
  readonly ts: number;
  readonly decidedTs: number;
  readonly modelId: string;
  readonly probabilityUp: number;
  readonly expectedReturn: number;
  readonly verdict: string;
  readonly up: 0 | 1;
  readonly forwardReturn: number;
}

/** A slot's model, what it held from, and what it would have predicted knowing nothing. */
export interface SlotHistory {
  readonly fromTs: number;
  readonly baseProbability: number;
  /** In order of `decidedTs`. */
  readonly outcomes: readonly LiveOutcome[];
}

export interface ReviewInput {
  readonly registry: Registry;
  readonly labelSpec: string;
  /** The event time of the review: only outcomes known by then are in the histories. */
  readonly atTs: number;
  /** Of the slot `champion`, whoever held it. */
  readonly champion: SlotHistory;
  readonly shadow: SlotHistory | null;
  /** Event time of the last rollback of this market; null: never. */
  readonly rolledBackTs: number | null;
  readonly seed: number;
  readonly settings?: Partial<ReviewSettings>;
}

/** One thing that was looked at: what came out, in words, and what is to be done about it. */
export interface Finding {
  readonly modelId: string;
  readonly about: 'champion' | 'shadow' | 'candidate';
  readonly why: string;
  readonly request: ModelRequest | null;
  readonly verdict: GateVerdict | null;
  /** Of a shadow: the reversed test, which passes where it has lost. */
  readonly lost?: GateVerdict;
}

/** What the review of a market comes to, in the order in which it is to be done. */
export function reviewModels(input: ReviewInput): readonly Finding[] {
  const { registry } = input;
  const champion = findChampion(registry);
  const shadow = findShadow(registry);
  const aboutChampion = champion === null ? null : championFinding(input, champion);
  const aboutShadow = shadow === null ? null : shadowFinding(input, shadow, aboutChampion);
  const isFree = shadow === null || aboutShadow?.request !== null;
  const next = isFree ? nextCandidate(registry, input.atTs) : null;
  const candidate: Finding | null =
    next === null
      ? null
      : {
          modelId: next.modelId,
          about: 'candidate',
          verdict: null,
          why: 'it passed the gate, and the place of the shadow is free',
          request: { action: 'shadow', modelId: next.modelId },
        };
  return [aboutChampion, aboutShadow, candidate].filter((finding) => finding !== null);
}

function championFinding(input: ReviewInput, { modelId, expiresTs }: KnownModel): Finding {
  const { atTs, champion } = input;
  const of = { modelId, about: 'champion' as const };
  if (expiresTs !== null && atTs > expiresTs) {
    const why = `it expired at ${formatUs(expiresTs)}`;
    return { ...of, why, request: { action: 'expire', modelId }, verdict: null };
  }
  const { horizonUs } = parseLabelSpec(input.labelSpec);
  const { decline, declineWindow } = reviewSettings(input);
  const fromTs = Math.max(champion.fromTs, atTs - declineWindow * horizonUs);
  const rows = champion.outcomes.filter(
    (row) => row.modelId === modelId && row.decidedTs >= fromTs && row.verdict === 'ok',
  );
  const losses = outcomeLosses(input.labelSpec, rows, champion.baseProbability);
  const verdict = judged(input, rows, decline, {
    candidate: losses.base,
    references: [{ name: 'champion', losses: losses.predicted }],
  });
  const why = verdict.passed
    ? `saying the base rate was better than it: ${beatenDetail(verdict)}`
    : `it stays: the base rate is not better beyond chance (${failedDetail(verdict)})`;
  return { ...of, why, request: verdict.passed ? { action: 'rollback' } : null, verdict };
}

function shadowFinding(
  input: ReviewInput,
  { modelId, expiresTs }: KnownModel,
  aboutChampion: Finding | null,
): Finding {
  const { atTs, champion, rolledBackTs } = input;
  const shadow = must(input.shadow, `shadow "${modelId}" has a slot`);
  const { horizonUs } = parseLabelSpec(input.labelSpec);
  const { shadow: rules, loss, shadowPatience, coolDown } = reviewSettings(input);
  const [mine, theirs] = pairs(shadow, champion, aboutChampion?.modelId ?? null);
  const own = outcomeLosses(input.labelSpec, mine, shadow.baseProbability);
  const champions = outcomeLosses(input.labelSpec, theirs, NaN).predicted;
  const verdict = judged(input, mine, rules, {
    candidate: own.predicted,
    references: [
      { name: 'champion', losses: champions },
      { name: 'base_rate', losses: own.base },
    ],
  });
  const [byChampion, byBase] = [champions, own.base].map((better) =>
    judged(input, mine, loss, {
      candidate: better,
      references: [{ name: 'shadow', losses: own.predicted }],
    }),
  );
  const lost = must(byChampion).passed ? must(byChampion) : must(byBase);
  const of = { modelId, about: 'shadow' as const, lost };
  const patienceTs = shadow.fromTs + shadowPatience * horizonUs;
  const isRollback = aboutChampion?.request?.action === 'rollback';
  const coolUntilTs = (isRollback ? atTs : (rolledBackTs ?? -Infinity)) + coolDown * horizonUs;
  if (atTs > patienceTs || (expiresTs !== null && atTs > expiresTs)) {
    const why = `it did not earn its place in time: ${failedDetail(verdict)}`;
    return { ...of, why, request: { action: 'reject', modelId }, verdict };
  }
  if (lost.passed) {
    const who = lost === byChampion ? 'whoever decided was' : 'saying the base rate was';
    const why = `it has lost: ${who} better, on the same live rows: ${beatenDetail(lost)}`;
    return { ...of, why, request: { action: 'reject', modelId }, verdict };
  }
  if (!verdict.passed) {
    return { ...of, why: `it stays a shadow: ${failedDetail(verdict)}`, request: null, verdict };
  }
  if (atTs < coolUntilTs) {
    const why = `it waits: nothing is promoted until ${formatUs(coolUntilTs)}, after a rollback`;
    return { ...of, why, request: null, verdict };
  }
  const why = `better than whoever decided, on the same live rows: ${beatenDetail(verdict)}`;
  return { ...of, why, request: { action: 'promote', modelId, force: false }, verdict };
}

/**
 * The rows on which both were eligible. Those before the present champion held are another's, and a
 * vetoed prediction of either says nothing of what it would have decided. The baseline that warms
 * up says one half, and is held to it.
 */
function pairs(
  shadow: SlotHistory,
  champion: SlotHistory,
  championId: string | null,
): readonly [LiveOutcome[], LiveOutcome[]] {
  const isEligible = ({ verdict }: LiveOutcome): boolean =>
    verdict === 'ok' || (championId === null && verdict === 'warming_up');
  const fromTs = Math.max(shadow.fromTs, championId === null ? 0 : champion.fromTs);
  const theirs = new Map(
    champion.outcomes
      .filter((row) => isEligible(row) && (championId === null || row.modelId === championId))
      .map((row) => [row.ts, row]),
  );
  const mine = shadow.outcomes.filter(
    (row) => row.verdict === 'ok' && row.decidedTs >= fromTs && theirs.has(row.ts),
  );
  return [mine, mine.map(({ ts }) => must(theirs.get(ts)))];
}

/** The newest that passed and waits. */
const nextCandidate = ({ models }: Registry, atTs: number): KnownModel | null =>
  models.find((model) => mayFollow(model, atTs)) ?? null;

function judged(
  { labelSpec, seed }: ReviewInput,
  rows: readonly LiveOutcome[],
  settings: Partial<GateSettings>,
  losses: Pick<GateInput, 'candidate' | 'references'>,
): GateVerdict {
  const { horizonUs, target } = parseLabelSpec(labelSpec);
  return judge({
    ...losses,
    decidedTs: rows.map(({ decidedTs }) => decidedTs),
    horizonUs,
    loss: target === 'return' ? 'squared_error' : 'log_loss',
    // What is judged are the very predictions that were served: nothing to be recomputed.
    replayParity: null,
    seed,
    settings,
  });
}

/** Row by row: of the predictions, and of predicting the base rate (of returns: none) each time. */
function outcomeLosses(
  labelSpec: string,
  rows: readonly LiveOutcome[],
  baseProbability: number,
): { readonly predicted: Float64Array; readonly base: Float64Array } {
  if (parseLabelSpec(labelSpec).target === 'return') {
    const realised = rows.map(({ forwardReturn }) => forwardReturn);
    const predicted = rows.map(({ expectedReturn }) => expectedReturn);
    return {
      predicted: squaredErrors(realised, predicted),
      base: squaredErrors(realised, predicted.map(zero)),
    };
  }
  const up = rows.map((row) => row.up);
  return {
    predicted: logLosses(
      up,
      rows.map(({ probabilityUp }) => probabilityUp),
    ),
    base: logLosses(
      up,
      rows.map(() => baseProbability),
    ),
  };
}

const zero = (): number => 0;

const reviewSettings = ({ settings }: ReviewInput): ReviewSettings => ({
  ...DEFAULT_REVIEW,
  ...settings,
});

const beatenDetail = ({ reasons }: GateVerdict): string =>
  reasons
    .filter(({ rule }) => rule.startsWith('beats_'))
    .map(({ detail }) => detail)
    .join('; ');

const failedDetail = ({ reasons }: GateVerdict): string =>
  reasons
    .filter(({ passed }) => !passed)
    .map(({ detail }) => detail)
    .join('; ');
