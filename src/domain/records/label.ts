/** What became of a decision (`labels` in QuestDB) and of a signal (`signal_outcomes`). */
import { Type, type TObject } from 'typebox';
import {
  field,
  Id,
  instrument,
  nullable,
  oneOf,
  Price,
  type Row,
  Seconds,
  Share,
  stored,
  TickId,
  Ts,
} from './fields.ts';
import { StoredPrediction } from './prediction.ts';

/** Closed: what a label can be void for. One of prices alone is never warming up. */
export const VOID_REASONS = ['gap', 'no_entry', 'no_exit', 'same_tick', 'warming_up'] as const;
export type VoidReason = (typeof VOID_REASONS)[number];

const outcome = {
  state: field(oneOf(['matured', 'void']), '`matured`, or `void` where there is no fair outcome.'),
  void_reason: field(nullable(oneOf(VOID_REASONS)), 'Why it is void.'),
  entry_ts: field(nullable(Ts), 'Time of the first price strictly behind `decided_ts`.'),
  entry_price: field(nullable(Price), 'The price of the entry.'),
  forward_return: field(nullable(Share), 'Exit price over entry price - 1.'),
  label_known_at: field(
    Ts,
    'When the outcome could have been known. A training takes no label before it.',
  ),
};
const touched = oneOf(['stop', 'target', 'expiry']);

export const StoredLabel = Type.Object({
  ts: field(Ts, 'That of the prediction.'),
  decided_ts: field(Ts, 'That of the prediction.'),
  label_known_at: outcome.label_known_at,
  ...instrument,
  label_spec: field(
    StoredPrediction.properties.label_spec,
    'What is graded, and over which horizon.',
  ),
  revision: stored.revision,
  entry_ts: outcome.entry_ts,
  entry_price: outcome.entry_price,
  exit_ts: field(nullable(Ts), 'Time of the last price within the horizon.'),
  exit_price: field(nullable(Price), 'The price of the exit.'),
  forward_return: outcome.forward_return,
  up: field(
    nullable(Type.Unsafe<0 | 1>(Type.Integer())),
    '1: the exit price is higher. 0: it is not. Null: void.',
  ),
  state: outcome.state,
  void_reason: outcome.void_reason,
  flags: stored.flags,
  imported_at: Type.Optional(
    field(
      nullable(Ts),
      'When the record came that showed the horizon to be over, if it was an import.',
    ),
  ),
});

const side = {
  touched: field(nullable(touched), 'what was met first, `stop`, `target` or `expiry`'),
  exit_ts: field(nullable(Ts), 'when it ended'),
  exit_price: field(nullable(Price), 'the price at which it ended'),
  exit_id: field(nullable(TickId), 'the tick that decided'),
  held_s: field(nullable(Seconds), 'seconds from the entry to the end'),
  best: field(nullable(Share), 'how far the price went for it, as a fraction of the entry'),
  worst: field(nullable(Share), 'how far the price went against it, as a fraction of the entry'),
};
type Side<S extends string> = {
  [C in keyof typeof side as `${S}_${C}`]: (typeof side)[C];
};

export type BarrierSide<S extends string> = Row<TObject<Side<S>>>;

/** `who`: whose position this side is. */
function barrierSide<S extends string>(name: S, who: string): TObject<Side<S>> {
  const columns = Object.entries(side).map(([column, kind]) => {
    const { description } = kind as { description?: string };
    return [`${name}_${column}`, field(kind, `Barrier labels, ${who}: ${description}.`)];
  });
  return Type.Object(Object.fromEntries(columns) as Side<S>);
}

/** What each side of a barrier label met first; null where the label is void. */
export const LongSide = barrierSide('long', 'a buyer');
export const ShortSide = barrierSide('short', 'a seller');

/** At tick precision, with the stop, target and direction of the signal. */
export const SignalOutcome = Type.Object({
  signal_id: field(Id, 'The signal.'),
  label_spec: StoredLabel.properties.label_spec,
  state: outcome.state,
  void_reason: outcome.void_reason,
  entry_ts: outcome.entry_ts,
  entry_price: outcome.entry_price,
  exit_ts: field(nullable(Ts), 'When it would have ended.'),
  exit_price: StoredLabel.properties.exit_price,
  exit_tick_id: field(nullable(TickId), 'The tick that decided.'),
  forward_return: outcome.forward_return,
  touched: field(nullable(touched), 'What was met first.'),
  held_us: field(
    nullable(Type.Number({ 'x-unit': 'microseconds' })),
    'Microseconds from the entry to the exit.',
  ),
  best_excursion: field(nullable(Share), 'How far the price went for it, as a fraction.'),
  worst_excursion: field(nullable(Share), 'How far the price went against it, as a fraction.'),
  result: field(nullable(oneOf(['win', 'loss', 'breakeven'])), 'Won, lost, or neither.'),
  label_known_at: outcome.label_known_at,
});
