/** Everything about the input that an analyst has to know of: one row per kind and log position. */
import type { QuestTable } from '../table.ts';

/**
 * `future`: ahead of the log's clock, set apart. `bad_clock`: the record's timestamp cannot be
 * right and was ignored. `reset`: a venue began to number its trades anew.
 */
export type QualityKind =
  | 'late'
  | 'correction'
  | 'gap'
  | 'reset'
  | 'future'
  | 'bad_clock'
  | 'malformed';

export interface QualityRow {
  readonly ts: number;
  readonly known_at: number;
  /** Null where a malformed record does not say. */
  readonly venue: string | null;
  readonly symbol: string | null;
  readonly kind: QualityKind;
  /** `topic/partition/offset`, with `#n` behind it for item n of a frame. */
  readonly source: string;
  /** JSON with its keys in order. */
  readonly detail: string;
}

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
