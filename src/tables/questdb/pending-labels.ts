/**
 * Decisions whose horizon the stored stream has passed and that have no label yet, counted. Pending
 * is never stored: this is its only definition.
 *
 * An instrument's decisions and their labels both come in order of time. So whoever asks again and
 * again keeps the place up to which all were graded, and looks only behind it. Many instruments are
 * asked about by one question.
 */
import { monotonicMs } from '../../clock.ts';
import { parseLabelSpec } from '../../domain/label-spec.ts';
import { floorTo, formatUs, US_PER_DAY } from '../../domain/time.ts';
import { venueOf } from '../../domain/venues.ts';
import { keyOf } from '../../domain/wire.ts';
import { grouped } from '../../grouped.ts';
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

/** The same of all instruments, with when the oldest that lacks a label was decided. */
const MATURED_SET_SQL = `
  SELECT p.venue AS venue, p.symbol AS symbol, p.label_spec AS label_spec, max(p.ts) AS to_ts,
    sum(CASE WHEN l.ts IS NULL THEN 1 ELSE 0 END) AS pending,
    min(CASE WHEN l.ts IS NULL THEN p.ts END) AS from_ts,
    min(CASE WHEN l.ts IS NULL THEN p.decided_ts END) AS decided_ts
  FROM (SELECT ts, decided_ts, venue, symbol, label_spec FROM predictions
        WHERE slot = 'champion' AND ts >= $1 AND ts <= $2 AND decided_ts <= $2) p
  LEFT JOIN (SELECT ts, venue, symbol, label_spec FROM labels
             WHERE revision = 0 AND ts >= $1 AND ts <= $2) l
    ON p.ts = l.ts AND p.symbol = l.symbol AND p.venue = l.venue AND p.label_spec = l.label_spec
  GROUP BY p.venue, p.symbol, p.label_spec`;

const MATURED_SET_BY_SQL = `
  SELECT p.venue AS venue, p.symbol AS symbol, max(p.ts) AS to_ts,
    sum(CASE WHEN l.ts IS NULL THEN 1 ELSE 0 END) AS pending,
    min(CASE WHEN l.ts IS NULL THEN p.ts END) AS from_ts,
    min(CASE WHEN l.ts IS NULL THEN p.decided_ts END) AS decided_ts
  FROM (SELECT ts, decided_ts, venue, symbol FROM predictions
        WHERE slot = 'champion' AND label_spec = $3 AND ts >= $1 AND ts <= $2
          AND decided_ts <= $2) p
  LEFT JOIN (SELECT ts, venue, symbol FROM labels
             WHERE revision = 0 AND label_spec = $4 AND ts >= $1 AND ts <= $2) l
    ON p.ts = l.ts AND p.symbol = l.symbol AND p.venue = l.venue
  GROUP BY p.venue, p.symbol`;

interface Matured {
  readonly label_spec: string;
  readonly to_ts: number | null;
  readonly pending: number;
  readonly from_ts: number | null;
}

interface MaturedOf extends Matured, Instrument {
  readonly decided_ts: number | null;
}

/** Where every instrument's stored stream stands: `stored_watermarks`. */
export type Watermarks = () => Promise<readonly Market[]>;
type Market = Instrument & { readonly reachedTs: number };

/** A market and up to when its decisions have matured by one spec. */
interface Asked {
  readonly market: Market;
  readonly key: string;
  readonly decidedByUs: number;
}

/** So many are asked about one by one: exactly, and each only where it has something new. */
export const ONE_BY_ONE = 20;
interface Quiet {
  /** A market that has not moved for so long, and had nothing … */
  readonly sinceMs: number;
  /** … is asked about as seldom. */
  readonly everyMs: number;
}

const MANY: Quiet = { sinceMs: 30_000, everyMs: 300_000 };
/** Rows that a watermark vouches for can be read well before. */
const FEW: Quiet = { sinceMs: 5_000, everyMs: 10_000 };

export class LabelBacklog {
  /** Per instrument and spec the `ts` before which every decision was seen to have its label. */
  private readonly gradedTo = new Map<string, number>();
  private readonly still = new Map<
    string,
    { reachedTs: number; sinceMs: number; wellMs: number }
  >();
  private readonly reader: SqlReader;
  private readonly watermarks: Watermarks;
  private readonly settings: LabelSettings;
  private readonly nowMs: () => number;

  constructor(
    reader: SqlReader,
    watermarks: Watermarks,
    settings: LabelSettings,
    nowMs = monotonicMs,
  ) {
    this.reader = reader;
    this.watermarks = watermarks;
    this.settings = settings;
    this.nowMs = nowMs;
  }

  /**
   * One row for each instrument and label spec with something pending; of one `subject` alone where
   * it is given. Of many instruments `pending` may count decisions that mature within moments.
   * Whoever comes again and again `mayRest`: a market at rest is then asked about now and then.
   */
  async pending(subject?: string, { mayRest = false } = {}): Promise<PendingLabels[]> {
    const all = await this.watermarks();
    const markets = subject === undefined ? all : all.filter((market) => keyOf(market) === subject);
    const { horizonUs, labelSpec, moreLabelSpecs } = this.settings;
    const found = [await this.pendingOf(markets, horizonUs, null, mayRest)];
    for (const spec of moreLabelSpecs) {
      const { horizonUs: own } = parseLabelSpec(spec);
      found.push(await this.pendingOf(markets, own, [labelSpec, spec], mayRest));
    }
    return found.flat();
  }

  /** By what each decision predicts itself, or `by` another spec. */
  private async pendingOf(
    markets: readonly Market[],
    horizonUs: number,
    by: readonly [decided: string, graded: string] | null,
    mayRest: boolean,
  ): Promise<PendingLabels[]> {
    const isMany = markets.length > ONE_BY_ONE;
    const quiet = isMany ? MANY : FEW;
    const one: Asked[] = [];
    const sets = new Map<number, Asked[]>();
    for (const market of markets) {
      const latenessUs = venueOf(market.venue).latenessUs ?? this.settings.latenessUs;
      const decidedByUs = market.reachedTs - latenessUs - horizonUs;
      if (decidedByUs < 0) continue;
      const asked = { market, key: `${keyOf(market)}|${by?.[1] ?? ''}`, decidedByUs };
      if ((isMany || mayRest) && this.isStill(asked, quiet)) continue;
      const from = this.gradedTo.get(asked.key);
      // What lies years apart would be read in between, too.
      const day = from === undefined ? null : floorTo(from, US_PER_DAY);
      const set = isMany && day !== null ? sets.get(day) : one;
      if (set !== undefined) set.push(asked);
      else if (day !== null) sets.set(day, [asked]);
    }
    const found: PendingLabels[][] = [];
    for (const set of sets.values()) {
      if (set.length <= ONE_BY_ONE) one.push(...set);
      else found.push(await this.pendingOfSet(set, by));
    }
    for (const asked of one) found.push(await this.pendingOfOne(asked, by));
    return found.flat();
  }

  private async pendingOfOne(
    asked: Asked,
    by: readonly [decided: string, graded: string] | null,
  ): Promise<PendingLabels[]> {
    const { venue, symbol } = asked.market;
    const from = formatUs(this.gradedTo.get(asked.key) ?? 0);
    const params = [venue, symbol, from, formatUs(asked.decidedByUs)];
    const sql = by === null ? MATURED_SQL : MATURED_BY_SQL;
    const rows = await this.reader.query<Matured>(sql, [...params, ...(by ?? [])]);
    return this.noted(asked, rows, by);
  }

  /** All of them by one question: what it costs goes by the decisions, not by the markets. */
  private async pendingOfSet(
    set: readonly Asked[],
    by: readonly [decided: string, graded: string] | null,
  ): Promise<PendingLabels[]> {
    let [fromUs, toUs] = [Infinity, 0];
    for (const { key, decidedByUs } of set) {
      fromUs = Math.min(fromUs, this.gradedTo.get(key) ?? 0);
      toUs = Math.max(toUs, decidedByUs);
    }
    const sql = by === null ? MATURED_SET_SQL : MATURED_SET_BY_SQL;
    const params = [formatUs(fromUs), formatUs(toUs), ...(by ?? [])];
    const rows = grouped(await this.reader.query<MaturedOf>(sql, params), keyOf);
    return set.flatMap((asked) => {
      const own = (rows.get(keyOf(asked.market)) ?? []).map((row) =>
        // The question goes as far as the furthest of the set: this one may not be there yet.
        row.decided_ts === null || row.decided_ts <= asked.decidedByUs
          ? row
          : { ...row, from_ts: null, to_ts: row.from_ts },
      );
      return this.noted(asked, own, by);
    });
  }

  private noted(
    { market: { venue, symbol }, key, decidedByUs }: Asked,
    rows: readonly Matured[],
    by: readonly [decided: string, graded: string] | null,
  ): PendingLabels[] {
    // Of several specs the one that is furthest behind decides.
    const graded = rows.flatMap(({ from_ts, to_ts }) => from_ts ?? to_ts ?? []);
    if (graded.length > 0) this.gradedTo.set(key, Math.min(...graded));
    const pending = rows.flatMap(({ label_spec, pending: count, from_ts }) => {
      const of = { venue, symbol, label_spec: by?.[1] ?? label_spec };
      return from_ts === null ? [] : [{ ...of, pending: count, from_ts, decidedByUs }];
    });
    const still = this.still.get(key);
    if (still !== undefined && pending.length === 0) still.wellMs = this.nowMs();
    return pending;
  }

  /** Whether there can hardly be anything: what was decided late is found a few minutes later. */
  private isStill({ key, market: { reachedTs } }: Asked, { sinceMs, everyMs }: Quiet): boolean {
    const now = this.nowMs();
    const still = this.still.get(key);
    if (still === undefined || still.reachedTs !== reachedTs) {
      this.still.set(key, { reachedTs, sinceMs: now, wellMs: -Infinity });
      return false;
    }
    return now - still.sinceMs > sinceMs && now - still.wellMs < everyMs;
  }
}
