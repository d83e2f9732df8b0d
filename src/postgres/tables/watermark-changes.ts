/**
 * `stored_watermarks` for repeated queries: read whole once in a while, and in between by
 * what other transactions have changed.
 */
import type { Pool } from 'pg';
import { monotonicMs } from '../../clock.ts';
import { must } from '../../assert.ts';
import { parseInstrumentKey } from '../../domain/wire.ts';
import type { Instrument } from '../../questdb/table.ts';

export interface StoredMarket extends Instrument {
  /** Event time, microseconds: all of the market up to it is stored. */
  readonly reachedTs: number;
}

/** What was taken out, or came with a dump of another server, is seen then. */
const WHOLE_MS = 600_000;

interface ChangedRow {
  readonly instrument: string;
  readonly reached_ts: number;
  /** All transactions before it have ended: what they wrote is seen. */
  readonly xmin: string;
}

const CHANGED_SQL = `
  SELECT instrument, reached_ts, pg_snapshot_xmin(pg_current_snapshot())::text AS xmin
  FROM stored_watermarks WHERE changed_xid >= $1::xid8`;

/**
 * What gives every market with its watermark; the very same list while nothing has changed. Of one
 * market the newest value of any transaction that has ended when it is called.
 */
export function watermarkChanges(
  pool: Pool,
  nowMs = monotonicMs,
): () => Promise<readonly StoredMarket[]> {
  const known = new Map<string, StoredMarket>();
  let [all, sinceXid, wholeMs]: [readonly StoredMarket[], string, number] = [[], '0', -Infinity];

  return async () => {
    const isWhole = nowMs() - wholeMs >= WHOLE_MS;
    const { rows } = await pool.query<ChangedRow>(CHANGED_SQL, [isWhole ? '0' : sinceXid]);
    let isChanged = false;
    if (isWhole) {
      wholeMs = nowMs();
      const present = new Set(rows.map(({ instrument }) => instrument));
      for (const name of known.keys()) if (!present.has(name)) isChanged = known.delete(name);
    }
    for (const { instrument, reached_ts: reachedTs } of rows) {
      if (known.get(instrument)?.reachedTs === reachedTs) continue;
      known.set(instrument, { ...must(parseInstrumentKey(instrument)), reachedTs });
      isChanged = true;
    }
    sinceXid = rows[0]?.xmin ?? sinceXid;
    if (isChanged) all = [...known.values()];
    return all;
  };
}
