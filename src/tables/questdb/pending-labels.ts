/**
 * Decisions whose horizon the stored stream has passed and that have no label yet, counted. Pending
 * is never stored: this is its only definition.
 *
 * An instrument's decisions and their labels both come in order of time. So whoever asks again and
 * again keeps the place up to which all were graded, and looks only behind it.
 */
import { formatUs } from '../../domain/time.ts';
import { venueOf } from '../../domain/venues.ts';
import { keyOf } from '../../domain/wire.ts';
import type { Instrument, SqlReader } from './table.ts';

export interface PendingLabels extends Instrument {
  readonly label_spec: string;
  readonly pending: number;
  /** `ts` of the oldest of them. */
  readonly from_ts: number;
  /** Decisions made at or before this have matured. */
  readonly decidedByUs: number;
}

export interface MaturitySettings {
  readonly horizonUs: number;
  readonly latenessUs: number;
}

const MATURED_SQL = `
  SELECT p.label_spec AS label_spec, count() AS matured, max(p.ts) AS to_ts,
    sum(CASE WHEN l.ts IS NULL THEN 1 ELSE 0 END) AS pending,
    min(CASE WHEN l.ts IS NULL THEN p.ts END) AS from_ts
  FROM (SELECT ts, label_spec FROM predictions
        WHERE venue = $1 AND symbol = $2 AND slot = 'champion' AND ts >= $3
          AND decided_ts <= $4) p
  LEFT JOIN (SELECT ts, label_spec FROM labels
             WHERE venue = $1 AND symbol = $2 AND revision = 0 AND ts >= $3) l
    ON p.ts = l.ts AND p.label_spec = l.label_spec
  GROUP BY p.label_spec`;

interface Matured {
  readonly label_spec: string;
  readonly to_ts: number;
  readonly pending: number;
  readonly from_ts: number | null;
}

/** Where every instrument's stored stream stands: `stored_watermarks`. */
export type Watermarks = () => Promise<readonly (Instrument & { readonly reachedTs: number })[]>;

export class LabelBacklog {
  /** Per instrument the `ts` before which every decision was seen to have its label. */
  private readonly gradedTo = new Map<string, number>();
  private readonly reader: SqlReader;
  private readonly watermarks: Watermarks;
  private readonly settings: MaturitySettings;

  constructor(reader: SqlReader, watermarks: Watermarks, settings: MaturitySettings) {
    this.reader = reader;
    this.watermarks = watermarks;
    this.settings = settings;
  }

  /** One row for each instrument and label spec with something pending. */
  async pending(): Promise<PendingLabels[]> {
    const found: PendingLabels[] = [];
    for (const { reachedTs, ...instrument } of await this.watermarks()) {
      found.push(...(await this.pendingOf(instrument, reachedTs)));
    }
    return found;
  }

  private async pendingOf(instrument: Instrument, reachedTs: number): Promise<PendingLabels[]> {
    const { venue, symbol } = instrument;
    const { horizonUs, latenessUs } = this.settings;
    const decidedByUs = reachedTs - (venueOf(venue).latenessUs ?? latenessUs) - horizonUs;
    if (decidedByUs < 0) return [];
    const key = keyOf(instrument);
    const params = [venue, symbol, formatUs(this.gradedTo.get(key) ?? 0), formatUs(decidedByUs)];
    const rows = await this.reader.query<Matured>(MATURED_SQL, params);
    // Of several specs the one that is furthest behind decides.
    const graded = rows.map(({ from_ts, to_ts }) => from_ts ?? to_ts);
    if (graded.length > 0) this.gradedTo.set(key, Math.min(...graded));
    return rows.flatMap(({ label_spec, pending, from_ts }) =>
      from_ts === null ? [] : [{ venue, symbol, label_spec, pending, from_ts, decidedByUs }],
    );
  }
}
