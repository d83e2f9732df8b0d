/** What became of a decision: revision 0 as first labelled, n as the n-th correction. */
import type { Instrument, QuestTable } from '../table.ts';

export interface LabelRow extends Instrument {
  readonly ts: number;
  readonly decided_ts: number;
  readonly label_known_at: number;
  readonly label_spec: string;
  readonly revision: number;
  readonly entry_ts: number | null;
  readonly entry_price: number | null;
  readonly exit_ts: number | null;
  readonly exit_price: number | null;
  readonly forward_return: number | null;
  /** 1 or 0; null when void. INT in the table, because a QuestDB BOOLEAN cannot be null. */
  readonly up: 0 | 1 | null;
  readonly state: 'matured' | 'void';
  readonly void_reason: string | null;
  readonly flags: string;
  /** When the record came that showed the horizon to be over, if that was imported. */
  readonly imported_at?: number | null;
}

/** What one side of a barrier label met first; null where the label is void. */
export type BarrierSide<S extends 'long' | 'short'> = {
  readonly [Column in keyof SideColumns as `${S}_${Column}`]: SideColumns[Column];
};

interface SideColumns {
  readonly touched: 'stop' | 'target' | 'expiry' | null;
  readonly exit_ts: number | null;
  readonly exit_price: number | null;
  /** The tick that decided. */
  readonly exit_id: string | null;
  readonly held_s: number | null;
  /** The furthest that the price went for and against the side, as fractions of the entry. */
  readonly best: number | null;
  readonly worst: number | null;
}

/**
 * The main columns are the long side's: `up` says whether it gained. Whatever has no barriers has
 * no values in the columns of the sides.
 */
export type BarrierLabelRow = LabelRow & BarrierSide<'long'> & BarrierSide<'short'>;

export const labels: QuestTable<LabelRow> = {
  name: 'labels',
  columns: {
    ts: 'timestamp',
    decided_ts: 'timestamp',
    label_known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    label_spec: 'symbol',
    revision: 'int',
    entry_ts: 'timestamp',
    entry_price: 'double',
    exit_ts: 'timestamp',
    exit_price: 'double',
    forward_return: 'double',
    up: 'int',
    state: 'symbol',
    void_reason: 'symbol',
    flags: 'varchar',
    imported_at: 'timestamp',
  },
  keys: ['ts', 'venue', 'symbol', 'label_spec', 'revision'],
};

/** The same table with the columns of the sides. */
export const barrierLabels: QuestTable<BarrierLabelRow> = {
  ...labels,
  columns: {
    ...labels.columns,
    long_touched: 'symbol',
    long_exit_ts: 'timestamp',
    long_exit_price: 'double',
    long_exit_id: 'varchar',
    long_held_s: 'double',
    long_best: 'double',
    long_worst: 'double',
    short_touched: 'symbol',
    short_exit_ts: 'timestamp',
    short_exit_price: 'double',
    short_exit_id: 'varchar',
    short_held_s: 'double',
    short_best: 'double',
    short_worst: 'double',
  },
};
