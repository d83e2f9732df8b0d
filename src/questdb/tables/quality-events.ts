/** Everything about the input that an analyst has to know of: one row per kind and log position. */
import type { Row } from '../../domain/records/fields.ts';
import type { QualityEvent } from '../../domain/records/quality-event.ts';
import type { QuestTable } from '../table.ts';

export type QualityRow = Row<typeof QualityEvent>;

export const qualityEvents: QuestTable<QualityRow> = {
  name: 'quality_events',
  columns: {
    ts: 'timestamp',
    known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    kind: 'symbol',
    source: 'varchar',
    detail: 'varchar',
  },
  keys: ['ts', 'venue', 'symbol', 'kind', 'source'],
};
