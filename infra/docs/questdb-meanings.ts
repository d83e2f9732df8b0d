/**
 * What the columns of QuestDB's tables mean, for `docs/sql.md`. The compiler holds it against the
 * types of the rows: a column without a meaning, and a meaning without a column, are errors.
 */
import type { CandleRow } from '../../src/questdb/tables/candles.ts';
import type { FeatureKey } from '../../src/questdb/tables/features.ts';
import type { HeartbeatRow } from '../../src/questdb/tables/heartbeats.ts';
import type { BarrierLabelRow, BarrierSide } from '../../src/questdb/tables/labels.ts';
import type { PredictionRow } from '../../src/questdb/tables/predictions.ts';
import type { QualityRow } from '../../src/questdb/tables/quality-events.ts';
import type { QuoteRow } from '../../src/questdb/tables/quotes.ts';
import type { SystemMetricRow } from '../../src/questdb/tables/system-metrics.ts';
import type { HistoryRow, TickRow } from '../../src/questdb/tables/ticks.ts';
import { BAR } from './wire-meanings.ts';

type Meanings<Row> = { readonly [C in keyof Required<Row>]: string };

const INSTRUMENT = { venue: 'The venue.', symbol: 'The symbol.' };
const DECIDED_TS = 'Event time of the tick or heartbeat that made the row computable.';
const KNOWN_AT = 'When this system could have known the row.';
const REVISION = '0: as the stream served it; 1, 2, …: corrections.';
const FLAGS = 'Words with commas between: `gap`, `late`, `correction`; empty where there are none.';
const IMPORTED_AT = 'When the record came that decided the row, if it was an import.';

const HISTORY: Meanings<HistoryRow> = {
  origin: 'Null: received when it happened. `backfill`: history. `import`: a recording.',
  imported_at: 'When an import came, by the clock of the log.',
  came_by: '`backfill`: an import that came as history; the stream never computed with it.',
};

const TICKS: Meanings<TickRow & HistoryRow> = {
  ts: 'When it was traded, by the venue.',
  known_at: KNOWN_AT,
  ...INSTRUMENT,
  id: 'The id of the venue, or a hash of the content.',
  price: 'The price.',
  size: 'The size.',
  side: 'The side of the taker: `buy`, `sell` or null.',
  ...HISTORY,
};

const QUOTES: Meanings<QuoteRow & HistoryRow> = {
  ts: 'When it was quoted, by the venue.',
  known_at: KNOWN_AT,
  ...INSTRUMENT,
  id: 'The id of the venue, or a hash of the content.',
  bid: 'The best bid; null where the quote has the other side only.',
  ask: 'The best ask; null where the quote has the other side only.',
  bid_size: 'The size at the bid.',
  ask_size: 'The size at the ask.',
  ...HISTORY,
};

const HEARTBEATS: Meanings<HeartbeatRow> = {
  ts: 'Nothing more of the instrument comes up to this time.',
  known_at: KNOWN_AT,
  ...INSTRUMENT,
  imported_at: 'When it came, if it was an import.',
};

const CANDLES: Meanings<CandleRow> = {
  ts: 'The start of the candle.',
  decided_ts: DECIDED_TS,
  known_at: KNOWN_AT,
  ...INSTRUMENT,
  timeframe: '`1m`, `5m`, `15m` or `1h`.',
  price_source: '`trade`: made of trades. `mid`: made of the mids of quotes.',
  revision: REVISION,
  ...BAR,
  flags: FLAGS,
  imported_at: IMPORTED_AT,
};

const FEATURES: Meanings<FeatureKey> = {
  ts: 'The end of the candle.',
  decided_ts: DECIDED_TS,
  known_at: KNOWN_AT,
  ...INSTRUMENT,
  feature_set: 'The name of the set, and a hash of its definition.',
  revision: REVISION,
  feature_id: 'The id of the feature record; predictions and signals name it.',
  flags: FLAGS,
  imported_at: IMPORTED_AT,
};

const PREDICTIONS: Meanings<PredictionRow> = {
  ts: 'That of the feature record.',
  decided_ts: DECIDED_TS,
  known_at: KNOWN_AT,
  ...INSTRUMENT,
  label_spec: 'What is predicted, and over which horizon: `direction_1h@1`.',
  slot: '`champion`, or the id of a shadow model.',
  prediction_id: 'The id; signals, fills and trades name it.',
  feature_id: 'The feature record that it was made from.',
  model_id: 'The model; `baseline@1` where no trained model is in force.',
  horizon_s: 'How far it looks ahead, in seconds.',
  probability_up: 'Probability that the price is higher at the horizon, 0 to 1.',
  expected_return: 'Expected return over the horizon, as a fraction.',
  verdict: '`ok`, or why it is vetoed: `outlier`, `expired`, `warming_up`.',
  close: 'The last price known at the decision. Never an entry price.',
  imported_at: IMPORTED_AT,
};

/** `who`: for whom this side asks. */
function side<S extends 'long' | 'short'>(name: S, who: string): Meanings<BarrierSide<S>> {
  const columns = {
    touched: 'what was met first, `stop`, `target` or `expiry`',
    exit_ts: 'when it ended',
    exit_price: 'the price at which it ended',
    exit_id: 'the tick that decided',
    held_s: 'seconds from the entry to the end',
    best: 'how far the price went for it, as a fraction of the entry',
    worst: 'how far the price went against it, as a fraction of the entry',
  };
  const meanings = Object.entries(columns).map(([column, meaning]) => [
    `${name}_${column}`,
    `Barrier labels, ${who}: ${meaning}.`,
  ]);
  return Object.fromEntries(meanings) as Meanings<BarrierSide<S>>;
}

const LABELS: Meanings<BarrierLabelRow> = {
  ts: 'That of the prediction.',
  decided_ts: 'That of the prediction.',
  label_known_at: 'When the outcome could have been known. A training takes no label before it.',
  ...INSTRUMENT,
  label_spec: 'What is graded, and over which horizon.',
  revision: '0: as first graded; 1, 2, …: corrections.',
  entry_ts: 'Time of the first price strictly behind `decided_ts`.',
  entry_price: 'That price.',
  exit_ts: 'Time of the last price within the horizon.',
  exit_price: 'That price.',
  forward_return: 'Exit price over entry price - 1.',
  up: '1: the exit price is higher. 0: it is not. Null: void.',
  state: '`matured`, or `void` where there is no fair outcome.',
  void_reason: 'Why it is void: `gap`, `no_entry`, `no_exit`, `same_tick` or `warming_up`.',
  flags: FLAGS,
  imported_at: 'When the record came that showed the horizon to be over, if it was an import.',
  ...side('long', 'a buyer'),
  ...side('short', 'a seller'),
};

const QUALITY_EVENTS: Meanings<QualityRow> = {
  ts: 'Event time of what it is about.',
  known_at: KNOWN_AT,
  venue: 'The venue; null where a malformed record does not say.',
  symbol: 'The symbol; null where a malformed record does not say.',
  kind: '`late`, `correction`, `gap`, `reset`, `future`, `bad_clock` or `malformed`.',
  source: 'Place in the log: `topic/partition/offset`, with `#n` for item n of a frame.',
  detail: 'JSON. With `"summary": true` the row stands for `count` events of a flood.',
};

const SYSTEM_METRICS: Meanings<SystemMetricRow> = {
  ts: 'When it was measured, by the clock of the machine.',
  name: 'The name of the metric.',
  labels: '`key=value` pairs with commas between.',
  value: 'The value.',
};

export const QUESTDB_MEANINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ticks: TICKS,
  quotes: QUOTES,
  heartbeats: HEARTBEATS,
  candles: CANDLES,
  features: FEATURES,
  predictions: PREDICTIONS,
  labels: LABELS,
  quality_events: QUALITY_EVENTS,
  system_metrics: SYSTEM_METRICS,
};

/** Tables that are there and that nothing fills. */
export const QUESTDB_EMPTY: readonly string[] = ['system_metrics'];
