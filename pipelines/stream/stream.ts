/**
 * ticks -> features, predictions, signals, fills: the operators of one instrument in a chain, and
 * the task that runs all instruments of a partition
 *
 * Everything is decided here, by one pure function of the partition's records: ingest, candles,
 * features, predictions, signals and paper fills in one process, without a hop and with a single
 * checkpoint. Outputs are derived from inputs down to their ids, so a replay repeats their bytes.
 */
import { must } from '../../src/assert.ts';
import type { BotControl, ControlState } from '../../src/domain/control.ts';
import { modelSlotKey } from '../../src/domain/control.ts';
import {
  instrumentKey,
  type Feature,
  type Fill,
  type Prediction,
  type Refusal,
  type Signal,
  type SignalEnd,
} from '../../src/domain/wire.ts';
import type { FeatureState } from '../../src/features/features.ts';
import type { BaselineState } from '../../src/learning/baseline.ts';
import type { Operator } from '../../src/stream/operator.ts';
import { candles, type CandlesState, type Closing } from './candles.ts';
import { features, type FeaturesOut } from './features.ts';
import { fills, isFlat, type FillsState } from './fills.ts';
import { ingest, type Arrival, type IngestOut, type IngestState } from './ingest.ts';
import { predictions, type ModelInForce, type PredictionsIn } from './predictions.ts';
import { signals, type SignalsState } from './signals.ts';

export type Derived = Feature | Prediction | Signal | SignalEnd | Refusal | Fill;

export interface StreamSettings {
  readonly horizonUs: number;
  readonly labelSpec: string;
}

/** All that the stream knows of one instrument. Plain data; saved as one. */
export interface InstrumentState {
  /** Of ingest; checkpoints hold it under this name. */
  intake: IngestState;
  candles: CandlesState;
  features: FeatureState;
  baseline: BaselineState;
  signals: SignalsState;
  fills: FillsState;
}

export interface StreamInput {
  readonly venue: string;
  readonly symbol: string;
  readonly arrival: Arrival;
  readonly control: ControlState;
  /** Models that the control state names are loaded before their record is passed. */
  readonly getModel: (modelId: string) => ModelInForce['model'];
}

/**
 * The chain of one instrument, itself an operator: `count` hears what ingest makes of a tick.
 *
 * What happens at every tick is wired once: functions made anew at each of them showed in profiles.
 */
export function instrumentStream(
  settings: StreamSettings,
  count: (type: IngestOut['type']) => void = () => undefined,
): Operator<StreamInput, Derived, InstrumentState> {
  const predict = predictions(settings.horizonUs);
  let state: InstrumentState;
  let input: StreamInput;
  let emit: (out: Derived) => void;

  const onPrediction = (prediction: Prediction, record: Feature): void => {
    emit(prediction);
    signal(state, input, prediction, record, emit);
  };
  const onClosing = (closing: Closing): void => {
    const { venue, symbol } = input;
    features.step(state.features, { venue, symbol, closing }, (out) => {
      emit(out.record);
      const question = toPredictionsInput(settings, input, closing, out);
      predict.step(state.baseline, question, (prediction) => {
        onPrediction(prediction, out.record);
      });
    });
  };
  const onIngest = (out: IngestOut): void => {
    count(out.type);
    switch (out.type) {
      case 'gap':
        candles.step(state.candles, out, onClosing);
        break;
      case 'ordered':
      case 'watermark':
        candles.step(state.candles, out, onClosing);
        fills.step(state.fills, out, emit);
        break;
      default:
        // New, duplicate, corrected, late and future ticks are the sink's to record.
        break;
    }
  };
  return {
    name: 'stream',

    initial: () => ({
      intake: ingest.initial(),
      candles: candles.initial(),
      features: features.initial(),
      baseline: predict.initial(),
      signals: signals.initial(),
      fills: fills.initial(),
    }),

    step(of, at, to) {
      state = of;
      input = at;
      emit = to;
      ingest.step(of.intake, at.arrival, onIngest);
    },
  };
}

function toPredictionsInput(
  { labelSpec }: StreamSettings,
  { venue, symbol, control, getModel }: StreamInput,
  closing: Closing,
  { record, vector }: FeaturesOut,
): PredictionsIn {
  const inForce = (model: ControlState['models'][string]): ModelInForce => ({
    control: model,
    model: getModel(model.model_id),
  });
  const champion = control.models[modelSlotKey(venue, symbol, labelSpec, 'champion')];
  const shadows = Object.values(control.models).filter(
    (model) =>
      model.slot !== 'champion' &&
      model.label_spec === labelSpec &&
      model.venue === venue &&
      model.symbol === symbol,
  );
  return {
    feature: record,
    vector,
    close: must(closing.candles[0]).close,
    labelSpec,
    champion: champion === undefined ? null : inForce(champion),
    shadows: shadows.map(inForce),
  };
}

function signal(
  state: InstrumentState,
  { venue, symbol, control, arrival }: StreamInput,
  prediction: Prediction,
  feature: Feature,
  emit: (out: Derived) => void,
): void {
  const moment = { decidedTs: prediction.decided_ts, knownAt: prediction.known_at };
  const relativeAtr = feature.values['atr_14_15m'] ?? null;
  const bots = activeBots(control, instrumentKey({ venue, symbol }));
  if (bots.length === 0) return;
  const champion = control.models[modelSlotKey(venue, symbol, prediction.label_spec, 'champion')];
  const input = {
    moment,
    prediction,
    atr: relativeAtr === null ? null : relativeAtr * prediction.close,
    close: prediction.close,
    indicators: shownIndicators(feature),
    bots,
    champion:
      champion === undefined
        ? null
        : { passed: champion.passed !== false, since: champion.since ?? null },
    clockUs: arrival.clockUs || arrival.judgedByUs,
    flat: (bot: string) => isFlat(state.fills, bot),
    halted: (account: string, ts: number) => ts < (control.halts[account]?.until_ts ?? 0),
  };
  signals.step(state.signals, input, (out) => {
    emit(out);
    if (out.kind === 'refusal') return;
    const bot = must(bots.find(({ bot: name }) => name === out.bot));
    fills.step(state.fills, { type: 'signal', signal: out, bot, moment }, emit);
  });
}

const activeBots = (control: ControlState, key: string): BotControl[] =>
  Object.values(control.bots).filter(
    ({ status, instruments }) =>
      status === 'on' && (instruments.includes('*') || instruments.includes(key)),
  );

/** The handful of readings that people look at first; all others are one join away. */
const SHOWN = ['rsi_14_1m', 'macd_hist_1m', 'bb_position_20_1m', 'adx_14_5m', 'atr_14_15m'];

const shownIndicators = ({ values }: Feature): Record<string, number | null> =>
  Object.fromEntries(SHOWN.map((name) => [name, values[name] ?? null]));
