/** "Nothing more of this instrument up to `ts`": what moves the stored watermark without a tick. */
import type { Instrument, QuestTable } from './table.ts';

export interface HeartbeatRow extends Instrument {
  readonly ts: number;
  readonly known_at: number;
}

export const heartbeats: QuestTable<HeartbeatRow> = {
  name: 'heartbeats',
  columns: { ts: 'timestamp', known_at: 'timestamp', venue: 'symbol', symbol: 'symbol' },
  keys: ['ts', 'venue', 'symbol'],
};
