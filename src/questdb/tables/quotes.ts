/** Best bid and ask as they were first seen: one row per (`ts`, venue, symbol, id). */
import type { MarketTick } from '../../domain/tick.ts';
import type { Instrument, QuestTable } from '../table.ts';
import { HISTORY_COLUMNS, type HistoryRow } from './ticks.ts';

export interface QuoteRow extends Instrument {
  readonly ts: number;
  readonly known_at: number;
  readonly id: string;
  /** Null: the quote has the other side only. */
  readonly bid: number | null;
  readonly ask: number | null;
  readonly bid_size: number | null;
  readonly ask_size: number | null;
}

export const quotes: QuestTable<QuoteRow> = {
  name: 'quotes',
  columns: {
    ts: 'timestamp',
    known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    id: 'varchar',
    bid: 'double',
    ask: 'double',
    bid_size: 'double',
    ask_size: 'double',
  },
  keys: ['ts', 'venue', 'symbol', 'id'],
};

/** The same table, for rows that were fed as history. */
export const historyQuotes: QuestTable<QuoteRow & HistoryRow> = {
  ...quotes,
  columns: { ...quotes.columns, ...HISTORY_COLUMNS },
};

export function quoteRow(quote: MarketTick, knownAt: number, instrument: Instrument): QuoteRow {
  return {
    ts: quote.ts,
    known_at: knownAt,
    venue: instrument.venue,
    symbol: instrument.symbol,
    id: quote.id,
    bid: orNull(quote.bid),
    ask: orNull(quote.ask),
    bid_size: orNull(quote.bidSize),
    ask_size: orNull(quote.askSize),
  };
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
