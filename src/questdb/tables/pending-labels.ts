/**
 * Decisions whose horizon the stored stream has passed and that have no label yet, counted. Pending
 * is never stored: this is its only definition.
 *
 * An instrument's decisions and their labels both come in order of time. So who searches again and
 * again keeps the place up to which all were graded, and looks only behind it. Many instruments are
 * read by one query.
 */
import { monotonicMs } from '../../clock.ts';
import { parseLabelSpec } from '../../domain/label-spec.ts';
import { floorTo, formatUs, US_PER_DAY } from '../../domain/time.ts';
import { venueLateness } from '../../domain/venues.ts';
import { instrumentKey } from '../../domain/wire.ts';
import { grouped } from '../../grouped.ts';
import type { Instrument, SqlReader } from '../table.ts';

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

interface InstrumentMatured extends Matured, Instrument {
  readonly decided_ts: number | null;
}

/** Where every instrument's stored stream stands: `stored_watermarks`. */
export type Watermarks = () => Promise<readonly Market[]>;
type Market = Instrument & { readonly reachedTs: number };

/** A market and which of its decisions are searched, by one spec. */
interface Search {
  readonly market: Market;
  readonly key: string;
  /** All before have their label; null: nobody has looked yet. */
  readonly fromUs: number | null;
  /** Whether `fromUs` is a guess. */
  readonly isGuess: boolean;
  /** Decisions made by then have matured. */
  readonly decidedByUs: number;
}

/** By what decisions of one spec are graded besides; null: by what each predicts itself. */
type By = readonly [decided: string, graded: string] | null;

interface Start extends Instrument {
  readonly ts: number;
}

/** Of a range: the newest label of each market and spec, and its first decision. */
const LABELLED_SQL = (more: string): string => `
  SELECT venue, symbol, label_spec, max(ts) AS ts FROM labels
  WHERE revision = 0 AND ts >= $1 ${more} GROUP BY venue, symbol, label_spec`;
const DECIDED_SQL = (more: string): string => `
  SELECT venue, symbol, min(ts) AS ts FROM predictions
  WHERE slot = 'champion' AND ts >= $1 ${more} GROUP BY venue, symbol`;

/** So many are searched one by one: exactly, and each only where it has something new. */
export const ONE_BY_ONE = 20;
interface Quiet {
  /** A market that has not moved for so long, and had nothing … */
  readonly sinceMs: number;
  /** … is searched as seldom. */
  readonly everyMs: number;
}

/** From so many unknown markets on, a process begins with a guess of where each stands. */
const GUESSED_FROM = 200;
/** So many of them are then looked at from their beginning, at each look. */
const PROVEN_AT_ONCE = 1;

const MANY: Quiet = { sinceMs: 30_000, everyMs: 600_000 };
/** Rows that a watermark vouches for can be read well before. */
const FEW: Quiet = { sinceMs: 5_000, everyMs: 10_000 };

export class LabelBacklog {
  /** Per instrument and spec the `ts` before which every decision was seen to have its label. */
  private readonly gradedTo = new Map<string, number>();
  /** The same of markets that were not looked at from their beginning yet, as far as seen. */
  private readonly guessedTo = new Map<string, number>();
  private readonly unproven = new Map<string, { readonly search: Search; readonly by: By }>();
  /** What was looked at last, and until when nothing of it can be new unless it changes. */
  private rested: readonly Market[] | null = null;
  private restUntilMs = -Infinity;
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
   * Whoever comes again and again `mayRest`: a market at rest is then searched now and then.
   */
  async pending(subject?: string, { mayRest = false } = {}): Promise<PendingLabels[]> {
    const all = await this.watermarks();
    const isRest = mayRest && subject === undefined;
    if (isRest && all === this.rested && this.nowMs() < this.restUntilMs) return this.prove();
    const markets =
      subject === undefined ? all : all.filter((market) => instrumentKey(market) === subject);
    const { horizonUs, labelSpec, moreLabelSpecs } = this.settings;
    if (isRest) [this.rested, this.restUntilMs] = [null, Infinity];
    const found = [await this.findPending(markets, horizonUs, null, mayRest)];
    for (const spec of moreLabelSpecs) {
      const { horizonUs: own } = parseLabelSpec(spec);
      found.push(await this.findPending(markets, own, [labelSpec, spec], mayRest));
    }
    if (!isRest) return found.flat();
    this.rested = all;
    return [...found.flat(), ...(await this.prove())];
  }

  /** By what each decision predicts itself, or `by` another spec. */
  private async findPending(
    markets: readonly Market[],
    horizonUs: number,
    by: By,
    mayRest: boolean,
  ): Promise<PendingLabels[]> {
    const isMany = markets.length > ONE_BY_ONE;
    const quiet = isMany ? MANY : FEW;
    const awake: Search[] = [];
    for (const market of markets) {
      const latenessUs = venueLateness(market.venue, this.settings.latenessUs);
      const decidedByUs = market.reachedTs - latenessUs - horizonUs;
      if (decidedByUs < 0) continue;
      const key = `${instrumentKey(market)}|${by?.[1] ?? ''}`;
      const fromUs = this.gradedTo.get(key) ?? null;
      const stillUntilMs = isMany || mayRest ? this.stillUntil(key, market, quiet) : -Infinity;
      if (mayRest) this.restUntilMs = Math.min(this.restUntilMs, stillUntilMs);
      if (stillUntilMs > this.nowMs()) continue;
      awake.push({ market, key, fromUs, isGuess: false, decidedByUs });
    }
    const one: Search[] = [];
    const sets = new Map<number, Search[]>();
    for (const search of mayRest ? await this.guessed(awake, by) : awake) {
      // What lies years apart would be read in between, too.
      const day = search.fromUs === null ? null : floorTo(search.fromUs, US_PER_DAY);
      const set = isMany && day !== null ? sets.get(day) : one;
      if (set !== undefined) set.push(search);
      else if (day !== null) sets.set(day, [search]);
    }
    const found: PendingLabels[][] = [];
    for (const set of sets.values()) {
      if (set.length <= ONE_BY_ONE) one.push(...set);
      else found.push(await this.findPendingTogether(set, by));
    }
    for (const search of one) found.push(await this.findPendingAlone(search, by));
    return found.flat();
  }

  /**
   * A process that begins knows of no market how far it is graded, and to look at each from its
   * beginning takes a question for each. So those that have come as far as any begin with their
   * newest label of the last day, or their first decision of it; each is looked at whole later.
   */
  private async guessed(awake: readonly Search[], by: By): Promise<readonly Search[]> {
    const isUnknown = ({ fromUs, key }: Search): boolean =>
      fromUs === null && !this.guessedTo.has(key);
    const unknown = awake.filter(isUnknown);
    if (unknown.length >= GUESSED_FROM) await this.guess(unknown, by);
    return awake.map((search) => {
      const fromUs = this.guessedTo.get(search.key);
      if (search.fromUs !== null || fromUs === undefined) return search;
      this.unproven.set(search.key, { search, by });
      return { ...search, fromUs, isGuess: true };
    });
  }

  private async guess(unknown: readonly Search[], by: By): Promise<void> {
    const newestUs = unknown.reduce((ts, { decidedByUs }) => Math.max(ts, decidedByUs), 0);
    const sinceUs = Math.max(0, newestUs - US_PER_DAY);
    const starts = async (sql: (more: string) => string, spec: string | undefined) => {
      const [more, params] = spec === undefined ? ['', []] : ['AND label_spec = $2', [spec]];
      const search = sql(more);
      const rows = this.reader.query<Start>(search, [formatUs(sinceUs), ...params]);
      return grouped(await rows, instrumentKey);
    };
    const labelled = await starts(LABELLED_SQL, by?.[1]);
    const decided = await starts(DECIDED_SQL, by?.[0]);
    for (const { market, key, decidedByUs } of unknown) {
      if (decidedByUs < sinceUs) continue;
      const found = labelled.get(instrumentKey(market)) ?? decided.get(instrumentKey(market));
      // Of several specs the one that is furthest behind decides.
      if (found !== undefined) this.guessedTo.set(key, Math.min(...found.map(({ ts }) => ts)));
    }
  }

  /**
   * A few of those that began with a guess, from their beginning: what lies in front of the guess.
   * What lies behind it is found like that of any other market.
   */
  private async prove(): Promise<PendingLabels[]> {
    const found: PendingLabels[] = [];
    let left = PROVEN_AT_ONCE;
    for (const [key, { search, by }] of this.unproven) {
      if (left-- === 0) break;
      const guess = this.guessedTo.get(key) ?? Infinity;
      const pending = await this.findPendingAlone(search, by);
      found.push(...pending.filter(({ from_ts }) => from_ts < guess));
      this.unproven.delete(key);
      this.guessedTo.delete(key);
    }
    return found;
  }

  private async findPendingAlone(search: Search, by: By): Promise<PendingLabels[]> {
    const { venue, symbol } = search.market;
    const from = formatUs(search.fromUs ?? 0);
    const params = [venue, symbol, from, formatUs(search.decidedByUs)];
    const sql = by === null ? MATURED_SQL : MATURED_BY_SQL;
    const rows = await this.reader.query<Matured>(sql, [...params, ...(by ?? [])]);
    return this.noted(search, rows, by);
  }

  /** All of them by one query: what it costs goes by the decisions, not by the markets. */
  private async findPendingTogether(set: readonly Search[], by: By): Promise<PendingLabels[]> {
    let [fromUs, toUs] = [Infinity, 0];
    for (const { fromUs: ownUs, decidedByUs } of set) {
      fromUs = Math.min(fromUs, ownUs ?? 0);
      toUs = Math.max(toUs, decidedByUs);
    }
    const sql = by === null ? MATURED_SET_SQL : MATURED_SET_BY_SQL;
    const params = [formatUs(fromUs), formatUs(toUs), ...(by ?? [])];
    const rows = grouped(await this.reader.query<InstrumentMatured>(sql, params), instrumentKey);
    return set.flatMap((search) => {
      const own = (rows.get(instrumentKey(search.market)) ?? []).map((row) =>
        // The question goes as far as the furthest of the set: this one may not be there yet.
        row.decided_ts === null || row.decided_ts <= search.decidedByUs
          ? row
          : { ...row, from_ts: null, to_ts: row.from_ts },
      );
      return this.noted(search, own, by);
    });
  }

  private noted(
    { market: { venue, symbol }, key, decidedByUs, isGuess }: Search,
    rows: readonly Matured[],
    by: By,
  ): PendingLabels[] {
    // Of several specs the one that is furthest behind decides.
    const graded = rows.flatMap(({ from_ts, to_ts }) => from_ts ?? to_ts ?? []);
    const gradedTo = isGuess ? this.guessedTo : this.gradedTo;
    if (graded.length > 0) gradedTo.set(key, Math.min(...graded));
    const pending = rows.flatMap(({ label_spec, pending: count, from_ts }) => {
      const of = { venue, symbol, label_spec: by?.[1] ?? label_spec };
      return from_ts === null ? [] : [{ ...of, pending: count, from_ts, decidedByUs }];
    });
    const still = this.still.get(key);
    if (still !== undefined && pending.length === 0) still.wellMs = this.nowMs();
    return pending;
  }

  /** Until when there can hardly be anything: what was decided late is found minutes later. */
  private stillUntil(key: string, { reachedTs }: Market, { sinceMs, everyMs }: Quiet): number {
    const now = this.nowMs();
    const still = this.still.get(key);
    if (still === undefined || still.reachedTs !== reachedTs) {
      this.still.set(key, { reachedTs, sinceMs: now, wellMs: -Infinity });
      return -Infinity;
    }
    return now - still.sinceMs > sinceMs ? still.wellMs + everyMs : -Infinity;
  }
}
