/** Data-quality events counted, as the HTTP server reads them. */
import type { SqlReader } from '../../questdb/table.ts';
import type { DbRow } from './postgres-list.ts';

/** A row is one event, or the sum of a flood (`pipelines/sink/notes.ts`). */
const EVENTS = `coalesce(json_extract(detail, '$.count')::long, 1)`;

/** Events by instrument and kind, the most frequent first. */
export const qualityCounts = (reader: SqlReader): Promise<DbRow[]> =>
  reader.query<DbRow>(
    `SELECT venue, symbol, kind, sum(${EVENTS}) AS events, max(ts) AS last_ts FROM quality_events
      ORDER BY events DESC, venue, symbol, kind LIMIT 100000`,
  );
