/** Trades as they were first seen: one row per (`ts`, venue, symbol, id). */
import type { MarketTick } from '../../domain/tick.ts';
import type { Instrument, QuestTable } from './table.ts';

export interface TickRow extends Instrument {
  readonly ts: number;
  readonly known_at: number;
  readonly id: string;
  readonly price: number;
  readonly size: number;
  readonly side: 'buy' | 'sell' | null;
}

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

/** Of history; what came by the stream has no origin. */
export interface HistoryRow {
  readonly origin: 'backfill';
}

/** The same table, for rows that were fed as history: the stream never computed with them. */
export const historyTicks: QuestTable<TickRow & HistoryRow> = {
  ...ticks,
  columns: { ...ticks.columns, origin: 'symbol' },
};

export function tickRow(tick: MarketTick, knownAt: number, { venue, symbol }: Instrument): TickRow {
  const { ts, id, price, size, side } = tick;
  return { ts, known_at: knownAt, venue, symbol, id, price, size, side };
}
