/** Trades as they were first seen: one row per (`ts`, venue, symbol, id). */
import type { MarketTick } from '../../domain/tick.ts';
import type { Row } from '../../domain/records/fields.ts';
import type { HistoryColumns, StoredTrade } from '../../domain/records/ticks.ts';
import type { Instrument, QuestTable } from '../table.ts';

export type TickRow = Row<typeof StoredTrade>;

export const ticks: QuestTable<TickRow> = {
  name: 'ticks',
  columns: {
    ts: 'timestamp',
    known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    id: 'varchar',
    price: 'double',
    size: 'double',
    side: 'symbol',
  },
  keys: ['ts', 'venue', 'symbol', 'id'],
};

/** Of what was not received when it happened. */
export type HistoryRow = Row<typeof HistoryColumns>;

export const HISTORY_COLUMNS = {
  origin: 'symbol',
  imported_at: 'timestamp',
  came_by: 'symbol',
} as const;

/** The same table, for rows with an origin. */
export const historyTicks: QuestTable<TickRow & HistoryRow> = {
  ...ticks,
  columns: { ...ticks.columns, ...HISTORY_COLUMNS },
};

/** SQL, over `ticks` or `quotes`: what the stream computed with, unless it came late. */
export const IN_STREAM = `(origin IS NULL OR (origin = 'import' AND came_by IS NULL))`;

export function tickRow(tick: MarketTick, knownAt: number, { venue, symbol }: Instrument): TickRow {
  const { ts, id, price, size, side } = tick;
  return { ts, known_at: knownAt, venue, symbol, id, price, size, side };
}
