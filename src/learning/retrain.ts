/**
 * what is known of a market's models at event time T -> the reasons for training again, each with
 * its numbers
 *
 * Calendar: the time has come. Drift: the served features are no longer those that the model was
 * trained on. Decay: the live outcomes of the champion are worse than those that it passed the gate
 * by. New data: about as many outcomes again as the last training had.
 *
 * The statistic of decay: the gain over saying the base rate, in mean loss a row, on the holdout
 * that the gate judged less that of the newest live outcomes, over the root of the sum of both
 * squared standard errors. Both errors are of blocks (`src/learning/gate.ts`), as outcomes overlap;
 * beyond 1.645 the fall is more than chance at 5 %, one-sided, by the normal distribution. The
 * gate's own gain is that of a model which was chosen for it and so flatters a little: the test
 * errs towards a training too many, which costs no more than a training.
 */
import { US_PER_DAY, formatUs } from '../domain/time.ts';
import type { GateComparison } from './gate.ts';

export type TriggerKind = 'calendar' | 'drift' | 'decay' | 'new_data';

export interface RetrainSettings {
  /** Drift is looked for in the rows served within so long. */
  readonly driftWindowUs: number;
  /** Drift fires at this share of drifted features, */
  readonly driftShare: number;
  /** or at this share of the model's split gain that hangs on drifted ones. */
  readonly driftGainShare: number;
  /** Decay fires beyond so many standard errors. */
  readonly decayErrors: number;
  /** New data fires at so many new outcomes for each of the last training's. */
  readonly newDataShare: number;
  /** Behind a firing the same kind does not fire for so long; the calendar is its own. */
  readonly coolDownUs: number;
}

export const DEFAULT_RETRAIN: RetrainSettings = {
  driftWindowUs: 7 * US_PER_DAY,
  driftShare: 0.3,
  driftGainShare: 0.5,
  decayErrors: 1.645,
  newDataShare: 1,
  coolDownUs: 3 * US_PER_DAY,
};

/** A mean gain over saying the base rate, and its standard error. */
export type Gain = Pick<GateComparison, 'gain' | 'standard_error' | 'rows'>;

export interface RetrainInput {
  readonly atTs: number;
  /** How often a training falls due; null: no such trigger. */
  readonly calendarEveryUs: number | null;
  /** Null wherever there is nothing to judge by: no model, no bins, too few rows. */
  readonly drift: {
    readonly modelId: string;
    readonly rows: number;
    readonly shareDrifted: number;
    readonly gainShareDrifted: number;
    /** The most important first. */
    readonly drifted: readonly string[];
  } | null;
  readonly decay: {
    readonly modelId: string;
    readonly promised: Gain;
    readonly live: Gain;
  } | null;
  readonly newData: {
    readonly trainedTs: number;
    readonly trainedRows: number;
    readonly newRows: number;
  } | null;
  /** Other event times at which a kind has fired. */
  readonly fired: readonly { readonly kind: TriggerKind; readonly firedTs: number }[];
  readonly settings?: Partial<RetrainSettings>;
}

/** One reason, in words, with its numbers. */
export interface RetrainTrigger {
  readonly kind: TriggerKind;
  readonly modelId: string | null;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What fires at `atTs`; nothing that has fired less than the cool-down away, either side. */
export function retrainTriggers(input: RetrainInput): RetrainTrigger[] {
  const settings = { ...DEFAULT_RETRAIN, ...input.settings };
  const { atTs, fired } = input;
  const isCool = ({ kind }: RetrainTrigger): boolean =>
    kind === 'calendar' ||
    fired.every(
      (other) =>
        other.kind !== kind ||
        other.firedTs === atTs ||
        Math.abs(other.firedTs - atTs) >= settings.coolDownUs,
    );
  return [
    calendar(input),
    drift(input, settings),
    decay(input, settings),
    newData(input, settings),
  ].filter((found): found is RetrainTrigger => found !== null && isCool(found));
}

function calendar({ atTs, calendarEveryUs }: RetrainInput): RetrainTrigger | null {
  if (calendarEveryUs === null || atTs % calendarEveryUs !== 0) return null;
  const reason = `a training is due at ${formatUs(atTs)}`;
  return { kind: 'calendar', modelId: null, reason, detail: { every_us: calendarEveryUs } };
}

function drift(
  { drift: found }: RetrainInput,
  { driftShare, driftGainShare, driftWindowUs }: RetrainSettings,
): RetrainTrigger | null {
  if (found === null) return null;
  const { modelId, rows, shareDrifted, gainShareDrifted, drifted } = found;
  const isMany = shareDrifted >= driftShare;
  const isWeighty = gainShareDrifted >= driftGainShare;
  if (!isMany && !isWeighty) return null;
  const reason =
    `${percent(shareDrifted)} of the features that ${modelId} was trained on have drifted ` +
    `(${percent(driftShare)} are needed), ${percent(gainShareDrifted)} of its split gain hangs on ` +
    `them (${percent(driftGainShare)}): ${drifted.slice(0, 5).join(', ')}`;
  return {
    kind: 'drift',
    modelId,
    reason,
    detail: {
      rows,
      window_us: driftWindowUs,
      features: drifted,
      share_drifted: shareDrifted,
      share_asked: driftShare,
      gain_share_drifted: gainShareDrifted,
      gain_share_asked: driftGainShare,
    },
  };
}

function decay(
  { decay: found }: RetrainInput,
  { decayErrors }: RetrainSettings,
): RetrainTrigger | null {
  if (found === null) return null;
  const { modelId, promised, live } = found;
  if (promised.standard_error === null || live.standard_error === null) return null;
  const error = Math.hypot(promised.standard_error, live.standard_error);
  const fall = promised.gain - live.gain;
  if (!(fall > decayErrors * error) || error === 0) return null;
  const reason =
    `${modelId} gained ${show(promised.gain)} over the base rate at the gate and ` +
    `${show(live.gain)} live: a fall of ${show(fall / error)} standard errors, ` +
    `${show(decayErrors)} are needed`;
  return {
    kind: 'decay',
    modelId,
    reason,
    detail: { promised, live, fall, standard_error: error, errors_asked: decayErrors },
  };
}

function newData(
  { newData: found }: RetrainInput,
  { newDataShare }: RetrainSettings,
): RetrainTrigger | null {
  if (found === null || found.newRows === 0) return null;
  const { trainedTs, trainedRows, newRows } = found;
  if (newRows < newDataShare * trainedRows) return null;
  const reason =
    `${newRows} outcomes since the training at ${formatUs(trainedTs)}, which had ${trainedRows}: ` +
    `${show(newDataShare)} for each is needed`;
  return {
    kind: 'new_data',
    modelId: null,
    reason,
    detail: {
      trained_ts: formatUs(trainedTs),
      trained_rows: trainedRows,
      new_rows: newRows,
      share_asked: newDataShare,
    },
  };
}

const show = (value: number): string => String(Number(value.toPrecision(4)));
const percent = (share: number): string => `${Math.round(share * 100)} %`;
