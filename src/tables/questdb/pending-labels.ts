/**
 * Decisions whose horizon the stored stream has passed and that have no label yet, counted. Pending
 * is never stored: this is its only definition.
 */
import { formatUs } from '../../domain/time.ts';
import { venueOf } from '../../domain/venues.ts';
import type { Instrument, SqlReader } from './table.ts';

export interface PendingLabels extends Instrument {
  readonly label_spec: string;
  readonly pending: number;
  /** Decisions made at or before this have matured. */
  readonly decidedByUs: number;
}

/** Highest event time stored of each instrument that has predictions: its watermark's base. */
export async function storedMaxTs(
  reader: SqlReader,
): Promise<(Instrument & { readonly max_ts: number })[]> {
  const rows = await reader.query<Instrument & { max_ts: number }>(
    `SELECT venue, symbol, max(ts) AS max_ts FROM (
       SELECT venue, symbol, max(ts) AS ts FROM ticks GROUP BY venue, symbol
       UNION ALL SELECT venue, symbol, max(ts) AS ts FROM quotes GROUP BY venue, symbol
       UNION ALL SELECT venue, symbol, max(ts) AS ts FROM heartbeats GROUP BY venue, symbol
     ) GROUP BY venue, symbol`,
  );
  return rows.filter(({ max_ts }) => max_ts !== null);
}

/** One row for each instrument and label spec with something pending. */
export async function pendingLabels(
  reader: SqlReader,
  { horizonUs, latenessUs }: { readonly horizonUs: number; readonly latenessUs: number },
): Promise<PendingLabels[]> {
  const found: PendingLabels[] = [];
  for (const { venue, symbol, max_ts } of await storedMaxTs(reader)) {
    const lateness = venueOf(venue).latenessUs ?? latenessUs;
    const decidedByUs = max_ts - lateness - horizonUs;
    if (decidedByUs < 0) continue;
    const rows = await reader.query<{ label_spec: string; pending: number }>(
      `SELECT p.label_spec AS label_spec, count() AS pending
       FROM (SELECT * FROM predictions
             WHERE venue = $1 AND symbol = $2 AND slot = 'champion' AND decided_ts <= $3) p
       LEFT JOIN (SELECT * FROM labels WHERE venue = $1 AND symbol = $2 AND revision = 0) l
         ON p.ts = l.ts AND p.label_spec = l.label_spec
       WHERE l.ts IS NULL GROUP BY p.label_spec`,
      [venue, symbol, formatUs(decidedByUs)],
    );
    for (const row of rows) found.push({ venue, symbol, ...row, decidedByUs });
  }
  return found;
}
