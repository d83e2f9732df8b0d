/** Trades, quotes and heartbeats: as they travel, and as rows of QuestDB. */
import { Type, type Static } from 'typebox';
import {
  absent,
  Amount,
  field,
  instrument,
  knownAt,
  nullable,
  oneOf,
  Price,
  record,
  Side,
  Size,
  TickId,
  Ts,
} from './fields.ts';

const TRADED = 'When it was traded, by the venue.';
const QUOTED = 'When it was quoted, by the venue.';
const TICK_ID = 'The id that the venue gives, or else a hash of the content.';
const SIDE = 'The side of the taker.';

export const TradeTick = record('A trade at a venue.', {
  kind: field(Type.Literal('trade'), 'The kind.'),
  ...instrument,
  id: field(absent(TickId), TICK_ID),
  ts: field(Ts, TRADED),
  price: field(Amount, 'The price, above 0.'),
  size: field(Amount, 'The size, 0 or more.'),
  side: field(absent(Side), SIDE),
});

const QUOTE_TICK = 'The best bid and ask of a venue. One side may be missing; both may not.';
/** One side may be missing: it then has no mid, and is no price of the instrument. */
export const QuoteTick = record(QUOTE_TICK, {
  kind: field(Type.Literal('quote'), 'The kind.'),
  ...instrument,
  id: field(absent(TickId), TICK_ID),
  ts: field(Ts, QUOTED),
  bid: field(absent(Amount), 'The best bid, above 0.'),
  ask: field(absent(Amount), 'The best ask, above 0.'),
  bid_size: field(absent(Amount), 'The size at the bid, 0 or more.'),
  ask_size: field(absent(Amount), 'The size at the ask, 0 or more.'),
});

const HEARTBEAT =
  'Nothing more of this instrument comes up to `ts`. It moves the watermark as a tick does.';
export const Heartbeat = record(HEARTBEAT, {
  kind: field(Type.Literal('heartbeat'), 'The kind.'),
  ...instrument,
  ts: field(Ts, 'All ticks up to this time have been sent.'),
});

/** Of what was not received when it happened; what was has no origin. */
export const HistoryColumns = Type.Object({
  origin: field(
    oneOf(['backfill', 'import']),
    'Null: received when it happened. `backfill`: history. `import`: a recording.',
  ),
  imported_at: Type.Optional(
    field(
      nullable(Ts),
      'When an import came, by the clock of the log: `known_at` is its own claim.',
    ),
  ),
  came_by: Type.Optional(
    field(
      nullable(Type.Literal('backfill')),
      '`backfill`: an import that came as history; the stream never computed with it.',
    ),
  ),
});

export const StoredTrade = Type.Object({
  ts: field(Ts, TRADED),
  known_at: knownAt,
  ...instrument,
  id: field(TickId, TICK_ID),
  price: field(Price, 'The price.'),
  size: field(Size, 'The size.'),
  side: field(nullable(Side), SIDE),
});

const ONE_SIDE = 'null where the quote has the other side only.';

export const StoredQuote = Type.Object({
  ts: field(Ts, QUOTED),
  known_at: knownAt,
  ...instrument,
  id: field(TickId, TICK_ID),
  bid: field(nullable(Price), `The best bid; ${ONE_SIDE}`),
  ask: field(nullable(Price), `The best ask; ${ONE_SIDE}`),
  bid_size: field(nullable(Size), 'The size at the bid.'),
  ask_size: field(nullable(Size), 'The size at the ask.'),
});

export const StoredHeartbeat = Type.Object({
  ts: field(Ts, 'Nothing more of the instrument comes up to this time.'),
  known_at: knownAt,
  ...instrument,
  imported_at: Type.Optional(field(nullable(Ts), 'When it came, if it was an import.')),
});

export type TradeTick = Static<typeof TradeTick>;
export type QuoteTick = Static<typeof QuoteTick>;
export type Heartbeat = Static<typeof Heartbeat>;
export type Tick = TradeTick | QuoteTick;
