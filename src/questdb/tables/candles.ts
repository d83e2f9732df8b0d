/** Candles: revision 0 as the stream served them, n as the n-th correction. */
import type { StoredCandle } from '../../domain/records/candle.ts';
import type { Row } from '../../domain/records/fields.ts';
import type { QuestTable } from '../table.ts';

export type CandleRow = Row<typeof StoredCandle>;

export const candles: QuestTable<CandleRow> = {
  name: 'candles',
  columns: {
    ts: 'timestamp',
    decided_ts: 'timestamp',
    known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    timeframe: 'symbol',
    price_source: 'symbol',
    revision: 'int',
    open: 'double',
    high: 'double',
    low: 'double',
    close: 'double',
    volume: 'double',
    trades: 'long',
    vwap: 'double',
    flags: 'varchar',
    imported_at: 'timestamp',
  },
  keys: ['ts', 'venue', 'symbol', 'timeframe', 'price_source', 'revision'],
};
