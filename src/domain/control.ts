/**
 * Control records: whatever changes a decision and is not a tick. One holds for the records behind
 * it in its partition; a version that is not newer than the last of its type and subject is void.
 */
import { US_PER_S } from './time.ts';
import type { Control } from './wire.ts';

/** Which model predicts an instrument in a slot; `retired` gives the slot back to the baseline. */
export interface ModelControl {
  readonly venue: string;
  readonly symbol: string;
  readonly label_spec: string;
  readonly slot: string;
  readonly model_id: string;
  readonly sha256: string;
  readonly state: 'champion' | 'shadow' | 'retired';
  /** Whether the gate let it pass. Absent in older records: then only force went round the gate. */
  readonly passed?: boolean;
}

/** A model in its slot, and since when. */
export interface HeldModel extends ModelControl {
  /**
   * Event time, as in `model_activations.from_ts`; `BEFORE_FIRST_TICK` until there was a tick.
   * Absent where nobody needs it, and in states that were saved before it was kept.
   */
  readonly since?: number;
}

/** What `since` says of a model whose record came before any tick of its instrument. */
const BEFORE_FIRST_TICK = 0;

/** The settings of a paper bot, whole: the newest record replaces the one before. */
export interface BotControl {
  readonly bot: string;
  readonly account: string;
  /** Where decisions on a replay of the past are booked; absent: in the same account. */
  readonly replay_account?: string;
  /** A market that lies further than this behind the log's clock is such a replay. */
  readonly replay_behind_s?: number;
  /**
   * Whose predictions it trades: those of champions that passed the gate, or those of the baseline
   * as a control group. Absent, as in every older record: all.
   */
  readonly acts_on?: 'champions' | 'baseline';
  readonly status: 'on' | 'off';
  readonly strategy: 'direction';
  readonly label_spec: string;
  /** Keys `venue:symbol`, or `*` for every instrument. */
  readonly instruments: readonly string[];
  readonly timeframe: string;
  /** Signals under a model that has earned its place; the baseline has no threshold. */
  readonly min_confidence: number;
  /** For how much event time a champion counts as young; absent or 0: never. */
  readonly young_s?: number;
  /** What a young champion has to reach in place of `min_confidence`, and never less. */
  readonly young_min_confidence?: number;
  readonly stop_atr: number;
  readonly target_atr: number;
  readonly max_holding_s: number;
  readonly expiry_s: number;
  readonly latency_us: number;
  readonly fee_bps: number;
  readonly slippage_bps: number;
  readonly account_currency: string;
}

/** No new positions of an account before `until_ts` (event time); exits go on. */
export interface HaltControl {
  readonly account: string;
  readonly until_ts: number;
  readonly reason: string;
}

/** Everything behind this record in its partition is known after `value`. */
export interface BarrierControl {
  readonly value: number;
}

/**
 * The installation's wall time (`ts`, microseconds) as one of its processes has it. `held`: that
 * clock has jumped, so ticks are judged by it and nothing else is, until somebody has looked.
 */
export interface ClockControl {
  readonly ts: number;
  readonly held?: boolean;
  /** Sent by `tickloom clock accept`: those who held theirs back go on from here. */
  readonly accepted?: boolean;
}

/** Further ahead of the log's clock than this a tick, and an as-of barrier, is of the future. */
export const AHEAD_MAX_US = 60_000_000;

/** What the control records of one partition have established so far. Plain data. */
export interface ControlState {
  versions: Record<string, number>;
  /** By `venue:symbol|label_spec|slot`. */
  models: Record<string, HeldModel>;
  bots: Record<string, BotControl>;
  halts: Record<string, HaltControl>;
  cut: number;
  /** The last clock that was not held; absent: there was none, as in every older state. */
  clock?: number;
  /** A held one behind it. */
  heldClock?: number;
}

/** By which ticks are judged; 0: there was no clock yet. */
export const judgingClock = ({ clock = 0, heldClock = 0 }: ControlState): number =>
  Math.max(clock, heldClock);

export const initialControlState = (): ControlState => ({
  versions: {},
  models: {},
  bots: {},
  halts: {},
  cut: 0,
});

/** Where a control record comes by. */
export interface ControlMoment {
  /**
   * The highest event time that a model's instrument has seen (-1: none), for a caller that wants
   * to know since when models hold.
   */
  readonly seenTs?: number | undefined;
  /** By which time the record is judged (`pipelines/stream/log-clock.ts`); absent: by none. */
  readonly byUs?: number;
}

/** Takes a verified record up, in place. False when its version is not newer: then it is void. */
export function applyControl(
  state: ControlState,
  control: Control,
  { seenTs, byUs }: ControlMoment = {},
): boolean {
  const body: unknown = control.body;
  if (control.type === 'clock') {
    applyClock(state, body as ClockControl);
    return true;
  }
  const counter = `${control.type}|${control.subject}`;
  const version = control.version ?? 0;
  if (version <= (state.versions[counter] ?? 0)) return false;
  state.versions[counter] = version;
  switch (control.type) {
    case 'model': {
      const model = body as ModelControl;
      const key = modelSlotKey(model.venue, model.symbol, model.label_spec, model.slot);
      if (model.state === 'retired') delete state.models[key];
      else state.models[key] = heldModel(state.models[key], model, seenTs);
      break;
    }
    case 'bot':
      state.bots[control.subject] = body as BotControl;
      break;
    case 'halt':
      state.halts[control.subject] = body as HaltControl;
      break;
    case 'cut':
      state.cut = Math.max(state.cut, boundedBarrier(body as BarrierControl, byUs));
      break;
    default:
      break;
  }
  return true;
}

function applyClock(state: ControlState, { ts, held = false }: ClockControl): void {
  if (held) {
    state.heldClock = ts;
    return;
  }
  state.clock = ts;
  delete state.heldClock;
}

/** An as-of barrier of the future would make all that is to come known then. */
const boundedBarrier = ({ value }: BarrierControl, byUs: number | undefined): number =>
  byUs === undefined ? value : Math.min(value, byUs + AHEAD_MAX_US);

/** A model that is named once more for the slot it has goes on holding it. */
function heldModel(
  before: HeldModel | undefined,
  model: ModelControl,
  seenTs: number | undefined,
): HeldModel {
  const from = seenTs === undefined ? undefined : seenTs + 1;
  const since = before?.model_id === model.model_id ? before.since : from;
  return since === undefined ? model : { ...model, since };
}

/** Models whose record came before the first tick of their instrument hold since that one. */
export function noteFirstTick(
  state: ControlState,
  { venue, symbol }: { readonly venue: string; readonly symbol: string },
  ts: number,
): void {
  for (const [key, model] of Object.entries(state.models)) {
    const isSameMarket = model.venue === venue && model.symbol === symbol;
    if (isSameMarket && model.since === BEFORE_FIRST_TICK)
      state.models[key] = { ...model, since: ts };
  }
}

/** Throws where settings contradict themselves. */
export function checkBot(of: BotControl): void {
  const { bot, min_confidence, young_s, young_min_confidence } = of;
  const refuse = (seen: string, what: string): never => {
    throw new Error(`settings of bot "${bot}": ${seen}; ${what}`);
  };
  checkReplay(of, refuse);
  const { acts_on } = of;
  if (acts_on !== undefined && acts_on !== 'champions' && acts_on !== 'baseline') {
    refuse(`acts_on is ${String(acts_on)}`, 'give champions or baseline, or leave it out for both');
  }
  if (young_s !== undefined && !(young_s >= 0 && Number.isFinite(young_s))) {
    refuse(`young_s is ${young_s}`, 'give seconds, 0 or more');
  }
  if (young_min_confidence === undefined) {
    if ((young_s ?? 0) > 0) {
      refuse(
        `young_s is ${young_s}`,
        'say by young_min_confidence what a young model has to reach',
      );
    }
  } else if (!(young_min_confidence >= min_confidence && young_min_confidence <= 1)) {
    refuse(
      `young_min_confidence is ${young_min_confidence}`,
      `give at least min_confidence, which is ${min_confidence}, and at most 1`,
    );
  }
}

function checkReplay(
  { account, replay_account, replay_behind_s }: BotControl,
  refuse: (seen: string, what: string) => never,
): void {
  if (replay_account === undefined && replay_behind_s === undefined) return;
  if (replay_account === undefined || replay_account === account) {
    refuse(`replay_account is ${replay_account}`, `give another account than ${account}`);
  }
  if (!(replay_behind_s !== undefined && replay_behind_s > 0)) {
    refuse(`replay_behind_s is ${replay_behind_s}`, 'give seconds, more than 0');
  }
}

/**
 * The account in which a bot's decision is booked: that of replays, where the market at
 * `decidedTs` lies far behind the log's clock (both microseconds), or else the bot's own.
 */
export function bookingAccount(
  { account, replay_account, replay_behind_s = Infinity }: BotControl,
  decidedTs: number,
  clockUs: number,
): string {
  const isReplay = decidedTs < clockUs - replay_behind_s * US_PER_S;
  return isReplay && replay_account !== undefined ? replay_account : account;
}

export const modelSlotKey = (
  venue: string,
  symbol: string,
  labelSpec: string,
  slot: string,
): string => `${venue}:${symbol}|${labelSpec}|${slot}`;

/** The text that a control record's HMAC is over: its fields in a fixed order, keys sorted. */
export function controlText(control: Omit<Control, 'hmac' | 'kind'>): string {
  const { control_id, version, type, subject, body } = control;
  return canonicalJson({ control_id, version, type, subject, body });
}

/** JSON with object keys in order at every depth: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
