/** `quality_events` -> which instruments were touched by late ticks and corrections, and where. */
import { formatUs } from '../../domain/time.ts';
import { instrumentKey } from '../../domain/wire.ts';
import type { Instrument, SqlReader } from '../table.ts';

export interface StoredTouch {
  readonly ts: number;
  readonly kind: 'late' | 'correction';
}

export interface TouchesRequest {
  /** Known behind this one … */
  readonly sinceUs: number;
  /** … or from this event time on: an earlier look did not come that far. */
  readonly fromTs: number;
  readonly asOfUs: number;
  /** Event time, exclusive. */
  readonly toTs: number;
  /** Null: of all of them. */
  readonly instrument: Instrument | null;
}

/** By instrument, in the order of the names; each list in the order of `ts`. */
export async function readTouches(
  reader: SqlReader,
  { sinceUs, fromTs, asOfUs, toTs, instrument: one }: TouchesRequest,
): Promise<Map<string, StoredTouch[]>> {
  const rows = await reader.query<StoredTouch & { venue: string; symbol: string }>(
    `SELECT venue, symbol, ts, kind FROM quality_events
     WHERE kind IN ('late', 'correction') AND ts < $1 AND known_at <= $2
       AND (known_at > $3 OR ts >= $4)${one === null ? '' : ' AND venue = $5 AND symbol = $6'}
     ORDER BY venue, symbol, ts`,
    [
      ...[toTs, asOfUs, sinceUs, fromTs].map(formatUs),
      ...(one === null ? [] : [one.venue, one.symbol]),
    ],
  );
  const touches = new Map<string, StoredTouch[]>();
  for (const { ts, kind, ...instrument } of rows) {
    const key = instrumentKey(instrument);
    const some = touches.get(key) ?? [];
    some.push({ ts, kind });
    touches.set(key, some);
  }
  return touches;
}
