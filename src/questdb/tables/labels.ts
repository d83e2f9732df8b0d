/** What became of a decision: revision 0 as first labelled, n as the n-th correction. */
import type { Row } from '../../domain/records/fields.ts';
import type { LongSide, ShortSide, StoredLabel } from '../../domain/records/label.ts';
import type { QuestTable } from '../table.ts';

export type LabelRow = Row<typeof StoredLabel>;

/**
 * The main columns are the long side's: `up` says whether it gained. Whatever has no barriers has
 * no values in the columns of the sides.
 */
export type BarrierLabelRow = LabelRow & Row<typeof LongSide> & Row<typeof ShortSide>;

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
