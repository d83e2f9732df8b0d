/** What became of a decision: revision 0 as first labelled, n as the n-th correction. */
import type { Instrument, QuestTable } from './table.ts';

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
}

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
  },
  keys: ['ts', 'venue', 'symbol', 'label_spec', 'revision'],
};
