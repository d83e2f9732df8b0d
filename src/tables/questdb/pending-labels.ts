/**
 * Decisions whose horizon the stored stream has passed and that have no label yet, counted. Pending
 * is never stored: this is its only definition.
 *
 * An instrument's decisions and their labels both come in order of time. So whoever asks again and
 * again keeps the place up to which all were graded, and looks only behind it.
 */
import { parseLabelSpec } from '../../domain/label-spec.ts';
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

export interface LabelSettings extends MaturitySettings {
  /** What is predicted: its predictions are the decisions. */
  readonly labelSpec: string;
  /** By what the same decisions are graded besides, each over its own horizon. */
  readonly moreLabelSpecs: readonly string[];
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

/** The same for one spec by which the decisions of another, $5, are graded. */
const MATURED_BY_SQL = `
  SELECT count() AS matured, max(p.ts) AS to_ts,
    sum(CASE WHEN l.ts IS NULL THEN 1 ELSE 0 END) AS pending,
    min(CASE WHEN l.ts IS NULL THEN p.ts END) AS from_ts
  FROM (SELECT ts FROM predictions
        WHERE venue = $1 AND symbol = $2 AND slot = 'champion' AND label_spec = $5 AND ts >= $3
          AND decided_ts <= $4) p
  LEFT JOIN (SELECT ts FROM labels
             WHERE venue = $1 AND symbol = $2 AND revision = 0 AND label_spec = $6
               AND ts >= $3) l ON p.ts = l.ts`;

interface Matured {
  readonly label_spec: string;
  readonly to_ts: number | null;
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
  private readonly settings: LabelSettings;

  constructor(reader: SqlReader, watermarks: Watermarks, settings: LabelSettings) {
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
    const { horizonUs, labelSpec, moreLabelSpecs } = this.settings;
    const found = await this.pendingBy(instrument, reachedTs, horizonUs, null);
    for (const spec of moreLabelSpecs) {
      const by = [labelSpec, spec] as const;
      const { horizonUs: own } = parseLabelSpec(spec);
      found.push(...(await this.pendingBy(instrument, reachedTs, own, by)));
    }
    return found;
  }

  /** By what each decision predicts itself, or `by` another spec. */
  private async pendingBy(
    instrument: Instrument,
    reachedTs: number,
    horizonUs: number,
    by: readonly [decided: string, graded: string] | null,
  ): Promise<PendingLabels[]> {
    const { venue, symbol } = instrument;
    const latenessUs = venueOf(venue).latenessUs ?? this.settings.latenessUs;
    const decidedByUs = reachedTs - latenessUs - horizonUs;
    if (decidedByUs < 0) return [];
    const key = `${keyOf(instrument)}|${by?.[1] ?? ''}`;
    const params = [venue, symbol, formatUs(this.gradedTo.get(key) ?? 0), formatUs(decidedByUs)];
    const sql = by === null ? MATURED_SQL : MATURED_BY_SQL;
    const rows = await this.reader.query<Matured>(sql, [...params, ...(by ?? [])]);
    // Of several specs the one that is furthest behind decides.
    const graded = rows.flatMap(({ from_ts, to_ts }) => from_ts ?? to_ts ?? []);
    if (graded.length > 0) this.gradedTo.set(key, Math.min(...graded));
    return rows.flatMap(({ label_spec, pending, from_ts }) => {
      const of = { venue, symbol, label_spec: by?.[1] ?? label_spec };
      return from_ts === null ? [] : [{ ...of, pending, from_ts, decidedByUs }];
    });
  }
}
