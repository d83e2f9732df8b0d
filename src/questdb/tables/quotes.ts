/** Best bid and ask as they were first seen: one row per (`ts`, venue, symbol, id). */
import type { MarketTick } from '../../domain/tick.ts';
import type { Row } from '../../domain/records/fields.ts';
import type { StoredQuote } from '../../domain/records/ticks.ts';
import type { Instrument, QuestTable } from '../table.ts';
import { HISTORY_COLUMNS, type HistoryRow } from './ticks.ts';

export type QuoteRow = Row<typeof StoredQuote>;

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
