/** The candle: as it travels in a feature record, and as a row of QuestDB. */
import { Type, type Static } from 'typebox';
import { clocks, field, instrument, nullable, oneOf, Price, Size, stored, Ts } from './fields.ts';

export type PriceSource = 'trade' | 'mid';

const shape = {
  timeframe: field(Type.String(), 'The length: `1m`, `5m`, `15m` or `1h`.'),
  price_source: field(
    oneOf<PriceSource>(['trade', 'mid']),
    '`trade`: made of trades. `mid`: made of the mids of quotes.',
  ),
};
const bar = {
  open: field(Price, 'The first price.'),
  high: field(Price, 'The highest price.'),
  low: field(Price, 'The lowest price.'),
  close: field(Price, 'The last price.'),
  volume: field(Size, 'Sum of the sizes of the trades; 0 for mids.'),
  trades: field(Type.Integer(), 'Number of trades, or of quotes for mids.'),
  vwap: field(nullable(Price), 'Volume-weighted average price; null without volume.'),
};

export const Candle = Type.Object({
  timeframe: shape.timeframe,
  start_ts: field(Ts, 'The first instant that it covers; it ends at the `ts` of the record.'),
  price_source: shape.price_source,
  ...bar,
  flags: field(Type.Array(Type.String()), 'As in the record.'),
});

export const StoredCandle = Type.Object({
  ts: field(Ts, 'The start of the candle.'),
  ...clocks(Ts),
  ...instrument,
  ...shape,
  revision: stored.revision,
  ...bar,
  flags: stored.flags,
  imported_at: stored.imported_at,
});

export type Candle = Static<typeof Candle>;
