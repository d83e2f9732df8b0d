/**
 * predictions -> signals: what a bot wants to do, with entry, stop, target, expiry and reason
 *
 * At most one signal a bot and prediction, and only while the bot is flat and its account is not
 * halted. A bot acts on champions that passed the gate; the baseline is traded by a control group
 * alone, which takes the sign of `probability_up` - 0.5 without a threshold, at the smallest size.
 * A model that has earned its place has to be as sure as the bot's `min_confidence`, and while it
 * is young as the bot's `young_min_confidence`: its live outcomes have not matured yet. A model
 * that comes back, by a rollback too, is young anew: its outcomes are of a market before the one
 * that it comes back to.
 *
 * What a bot would trade and may not (no exchange rate, a champion put in by force) is no signal:
 * it is reported once, and counted.
 */
import { createHash } from 'node:crypto';
import { Exact } from '../../src/domain/exact.ts';
import { bookingAccount, type BotControl } from '../../src/domain/control.ts';
import { formatUs, US_PER_HOUR, US_PER_S } from '../../src/domain/time.ts';
import type { Prediction, Refusal, Signal } from '../../src/domain/wire.ts';
import {
  parsePair,
  fxRate,
  priceDecimals,
  priceText,
  smallestSize,
} from '../../src/money/amounts.ts';
import type { Moment, Operator } from '../../src/stream/operator.ts';

/** Whether a bot is flat is the paper broker's to know. */
export interface SignalsState {
  /** By bot, account and cause; absent: nothing was refused yet. */
  refused?: Record<string, Refused>;
}

interface Refused {
  readonly firstTs: number;
  decisions: number;
  /** When it was last reported. The name is stored: it stays. */
  toldTs: number;
}

const REPORT_EVERY_US = US_PER_HOUR;

/** Who decides: the model in force. */
export interface Decider {
  readonly passed: boolean;
  /** Event time since which it holds; null: not known, and then it is not young. */
  readonly since: number | null;
}

export interface SignalsIn {
  readonly moment: Moment;
  readonly prediction: Prediction;
  /** Average true range in units of price; null while it warms up. */
  readonly atr: number | null;
  readonly close: number;
  readonly indicators: Record<string, number | null>;
  readonly bots: readonly BotControl[];
  /** Null: the baseline decides. */
  readonly champion: Decider | null;
  /** The log's clock at the record that decided, microseconds. */
  readonly clockUs: number;
  readonly flat: (bot: string) => boolean;
  readonly halted: (account: string, ts: number) => boolean;
}

export const signals: Operator<SignalsIn, Signal | Refusal, SignalsState> = {
  name: 'signals',
  initial: () => ({}),
  step(state, input, emit) {
    const { prediction, atr } = input;
    if (prediction.slot !== 'champion' || prediction.verdict !== 'ok') return;
    if (prediction.probability_up === 0.5 || atr === null || !(atr > 0)) return;
    for (const bot of input.bots) {
      if (bot.label_spec !== prediction.label_spec || !actsOn(bot, input.champion)) continue;
      const account = bookingAccount(bot, prediction.decided_ts, input.clockUs);
      if (!input.flat(bot.bot) || input.halted(account, prediction.decided_ts)) continue;
      const confidence = Math.max(prediction.probability_up, 1 - prediction.probability_up);
      const needed = confidenceNeeded(input, bot);
      if (confidence < needed) continue;
      const obstacle = findObstacle(input, bot);
      if (obstacle === null) emit(makeSignal(input, { bot, account, atr, confidence, needed }));
      else refuse(state, input, { bot: bot.bot, account, ...obstacle }, emit);
    }
  },
};

const actsOn = ({ acts_on }: BotControl, champion: Decider | null): boolean =>
  acts_on === undefined || (acts_on === 'baseline') === (champion === null);

/** What keeps a bot from a decision that it would act on; null: nothing. */
function findObstacle(
  { prediction: { symbol, model_id }, champion }: SignalsIn,
  { acts_on, account_currency: currency }: BotControl,
): Pick<Refusal, 'cause' | 'reason'> | null {
  if (acts_on === 'champions' && champion?.passed === false) {
    return { cause: 'not_passed', reason: `${model_id} has not passed the gate` };
  }
  const { quote } = parsePair(symbol);
  if (fxRate(quote, currency) !== null) return null;
  return { cause: 'no_rate', reason: `no rate from ${quote} to the account's ${currency}` };
}

function refuse(
  state: SignalsState,
  { prediction: { venue, symbol, decided_ts: ts } }: SignalsIn,
  what: Pick<Refusal, 'bot' | 'account' | 'cause' | 'reason'>,
  emit: (out: Refusal) => void,
): void {
  const refused = (state.refused ??= {});
  const key = `${what.bot}|${what.account}|${what.cause}`;
  const of = (refused[key] ??= { firstTs: ts, decisions: 0, toldTs: ts - REPORT_EVERY_US });
  of.decisions += 1;
  if (ts < of.toldTs + REPORT_EVERY_US) return;
  of.toldTs = ts;
  const { firstTs: first_ts, decisions } = of;
  const refusal_id = signalId(symbol, ts, `${key}|${venue}`);
  emit({ kind: 'refusal', refusal_id, ...what, venue, symbol, first_ts, last_ts: ts, decisions });
}

/** The baseline needs none; a champion that is exactly `young_s` old is no longer young. */
function confidenceNeeded(
  { prediction, champion }: SignalsIn,
  { min_confidence, young_s = 0, young_min_confidence = 0 }: BotControl,
): number {
  if (champion === null) return 0;
  const ageUs = champion.since === null ? Infinity : prediction.decided_ts - champion.since;
  const isYoung = ageUs < young_s * US_PER_S;
  return isYoung ? Math.max(min_confidence, young_min_confidence) : min_confidence;
}

/** Given where more was needed than of others. */
const describeYoungModel = ({ min_confidence, young_s = 0 }: BotControl, needed: number): string =>
  needed > min_confidence
    ? `; in force for less than ${young_s / 60} min, so ${(100 * needed).toFixed(1)} % were needed`
    : '';

interface Wanted {
  readonly bot: BotControl;
  readonly account: string;
  readonly atr: number;
  readonly confidence: number;
  readonly needed: number;
}

function makeSignal(input: SignalsIn, { bot, account, atr, confidence, needed }: Wanted): Signal {
  const { prediction, close, indicators } = input;
  const { symbol, venue, ts, decided_ts, known_at, probability_up } = prediction;
  const up = probability_up > 0.5;
  const away = (multiple: number): Exact => new Exact(atr).times(multiple);
  const entry = new Exact(close);
  const decimals = priceDecimals(close);
  const [stop, target] = up
    ? [entry.minus(away(bot.stop_atr)), entry.plus(away(bot.target_atr))]
    : [entry.plus(away(bot.stop_atr)), entry.minus(away(bot.target_atr))];
  const chance = (100 * confidence).toFixed(1);
  return {
    kind: 'signal',
    signal_id: signalId(symbol, decided_ts, `${bot.bot}|${prediction.prediction_id}`),
    prediction_id: prediction.prediction_id,
    feature_id: prediction.feature_id,
    model_id: prediction.model_id,
    bot: bot.bot,
    account,
    strategy: bot.strategy,
    timeframe: bot.timeframe,
    venue,
    symbol,
    ts,
    decided_ts,
    known_at,
    direction: up ? 'buy' : 'sell',
    entry: priceText(entry, decimals),
    stop_loss: priceText(stop, decimals),
    take_profit: priceText(target, decimals),
    risk_reward: new Exact(bot.target_atr).div(bot.stop_atr).toDecimalPlaces(4).toFixed(),
    size: smallestSize(symbol, close),
    confidence,
    expires_at: decided_ts + bot.expiry_s * US_PER_S,
    reason:
      `${prediction.model_id} gives ${up ? 'up' : 'down'} ${chance} % over ` +
      `${prediction.horizon_s / 60} min; stop ${bot.stop_atr}, target ${bot.target_atr} ATR away` +
      describeYoungModel(bot, needed),
    indicators,
  };
}

/** `BTC-USDT_20241220_143052_a1b2c3d4`: symbol, UTC of the decision, 8 hex digits of its cause. */
export function signalId(symbol: string, decidedTs: number, cause: string): string {
  const time = formatUs(decidedTs).replaceAll(/[-:]/g, '').slice(0, 15).replace('T', '_');
  const hash = createHash('sha256').update(cause).digest('hex').slice(0, 8);
  return `${symbol.replaceAll(/[^A-Za-z0-9]/g, '-')}_${time}_${hash}`;
}
