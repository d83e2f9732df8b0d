/** "Nothing more of this instrument up to `ts`": what moves the stored watermark without a tick. */
import type { Row } from '../../domain/records/fields.ts';
import type { StoredHeartbeat } from '../../domain/records/ticks.ts';
import type { QuestTable } from '../table.ts';

export type HeartbeatRow = Row<typeof StoredHeartbeat>;

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
