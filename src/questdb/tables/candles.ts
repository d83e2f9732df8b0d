/** Candles: revision 0 as the stream served them, n as the n-th correction. */
import type { Instrument, QuestTable } from '../table.ts';

export interface CandleRow extends Instrument {
  /** The start of the interval. */
  readonly ts: number;
  readonly decided_ts: number;
  readonly known_at: number;
  readonly timeframe: string;
  readonly price_source: 'trade' | 'mid';
  readonly revision: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly trades: number;
  readonly vwap: number | null;
  /** Joined with commas; the empty text when there is none. */
  readonly flags: string;
  /** When the record came that decided it, if that was imported. */
  readonly imported_at?: number | null;
}

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
