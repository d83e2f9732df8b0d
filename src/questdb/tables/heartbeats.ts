/** "Nothing more of this instrument up to `ts`": what moves the stored watermark without a tick. */
import type { Instrument, QuestTable } from '../table.ts';

export interface HeartbeatRow extends Instrument {
  readonly ts: number;
  readonly known_at: number;
  /** When it came, if it was imported. */
  readonly imported_at?: number | null;
}

export const heartbeats: QuestTable<HeartbeatRow> = {
  name: 'heartbeats',
  columns: {
    ts: 'timestamp',
    known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    imported_at: 'timestamp',
  },
  keys: ['ts', 'venue', 'symbol'],
};
