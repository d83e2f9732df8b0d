/**
 * A range of stored ticks -> its features again, and whether what was served is what they give.
 *
 * Three things are compared, row by row: the served values with those that the in-time ticks give
 * again, bit for bit; the clocks of those rows with what was stored when; the labels with those
 * that the prices known by their clocks give. A feature that peeks, a label that was joined early
 * and a value without its clock each differ in one of them.
 *
 * A day at a time, from the first stored tick on, or from where a training found all equal.
 */
import {
  compareFeatures,
  replay,
  replayStart,
  type Difference,
  type FeatureVector,
  type Parity,
  type ReplayState,
} from './replay.ts';
import { tooEarly, type TooEarly } from './look-ahead.ts';
import { storedClocks, storedMarketTicks } from './stored-market-ticks.ts';
import { must } from '../../src/assert.ts';
import { parseLabelSpec } from '../../src/domain/label-spec.ts';
import { floorTo, formatUs, LATEST_US, US_PER_DAY, US_PER_HOUR } from '../../src/domain/time.ts';
import { venueLateness } from '../../src/domain/venues.ts';
import { instrumentKey } from '../../src/domain/wire.ts';
import { FEATURE_SET } from '../../src/features/definition.ts';
import type { Context } from '../../src/runtime/context.ts';
import { readReplayState } from '../../src/postgres/tables/replay-state.ts';
import { storedWatermark } from '../../src/postgres/tables/stored-watermarks.ts';
import type { LabelRow } from '../../src/questdb/tables/labels.ts';
import { readServedFeatures } from '../../src/questdb/tables/readers.ts';
import { IN_STREAM } from '../../src/questdb/tables/ticks.ts';
import type { Cell, Instrument, SqlReader, TimeRange } from '../../src/questdb/table.ts';
import { firstKnownFrom, gradingInput, readHeartbeats } from '../grades/grading-input.ts';
import { labelRows } from '../labels/label-rows.ts';
import { bySource } from '../grades/price-source.ts';
import { servedVector } from './replay-parity.ts';

export interface ReplayReport {
  readonly instrument: string;
  readonly from: string;
  readonly to: string;
  /** Feature vectors of the range. */
  recomputed: number;
  /** Served rows that were decided by an import: they are not compared. */
  imported: number;
  readonly features: Compared;
  readonly labels: Compared;
  /** Rows that say that they were known before they could be. */
  readonly tooEarly: TooEarly[];
  /** Why the features could not be made again; null: they could. */
  notComparable: string | null;
}

export interface Compared {
  checked: number;
  missing: number;
  extra: number;
  readonly mismatches: Record<string, number>;
  first: Difference | null;
}

interface CheckRequest extends TimeRange {
  /** Hears every feature vector of the range. */
  readonly onVector?: (vector: FeatureVector) => void;
  /** Whether what was served is compared. */
  readonly check: boolean;
  readonly onProgress?: (line: string) => void;
}

/** Every day of the instrument up to `toUs`, or to where its stream stands. */
export async function replayRange(
  context: Context,
  instrument: Instrument,
  { fromUs, toUs: requestedUs, onVector, check, onProgress }: CheckRequest,
): Promise<ReplayReport> {
  const { config, postgres } = context;
  const reader = context.questdbReader();
  const subject = instrumentKey(instrument);
  const latenessUs = venueLateness(instrument.venue, config.latenessUs);
  const reachedTs = (await storedWatermark(postgres, subject)) ?? 0;
  const toUs = Math.min(requestedUs, reachedTs - latenessUs);
  const report: ReplayReport = {
    instrument: subject,
    from: formatUs(fromUs),
    to: formatUs(Math.max(toUs, fromUs)),
    recomputed: 0,
    imported: 0,
    features: nothing(),
    labels: nothing(),
    tooEarly: [],
    notComparable: null,
  };
  const ends = await readEnds(reader, instrument);
  const saved = await readReplayState<ReplayState>(postgres, FEATURE_SET, subject);
  let state =
    saved !== null && saved.toUs <= fromUs ? { ...replayStart(), ...saved } : replayStart();
  const isCold = state.toUs === 0;
  if (isCold && ends.served < floorTo(ends.ticks, US_PER_HOUR)) {
    const kept = ends.ticks === Infinity ? 'not kept' : `kept from ${formatUs(ends.ticks)} on`;
    report.notComparable =
      `features were served from ${formatUs(ends.served)} on, its ticks are ${kept}: what came ` +
      'before them shaped the values';
  }
  const servedTo = Math.min(ends.servedTo, toUs);
  for (let at = isCold ? ends.ticks : state.toUs; at < toUs;) {
    const endUs = Math.min(toUs, floorTo(at, US_PER_DAY) + US_PER_DAY);
    const day = { fromUs: at, toUs: endUs, asOfUs: LATEST_US };
    const ticks = await storedMarketTicks(reader, instrument, day);
    const vectors: FeatureVector[] = [];
    state = replay(instrument, ticks, endUs, state, ({ record, vector }) => {
      if (record.ts >= fromUs) vectors.push({ ts: record.ts, values: vector });
    });
    for (const vector of vectors) onVector?.(vector);
    report.recomputed += vectors.length;
    const part = { fromUs: Math.max(at, fromUs), toUs: endUs, latenessUs };
    if (check && part.toUs > fromUs) {
      await compareDay(reader, instrument, part, { vectors, servedTo, report });
    }
    onProgress?.(`${subject}: to ${formatUs(endUs)}, ${ticks.length} ticks`);
    at = endUs;
  }
  return report;
}

const nothing = (): Compared => ({ checked: 0, missing: 0, extra: 0, mismatches: {}, first: null });

/** From where ticks and served features of an instrument are kept; `Infinity` where none are. */
async function readEnds(reader: SqlReader, { venue, symbol }: Instrument) {
  const readEnd = async (table: string, condition: string) => {
    const [row] = await reader.query<{ first: number | null; last: number | null }>(
      `SELECT min(ts) AS first, max(ts) AS last FROM ${table}
       WHERE venue = $1 AND symbol = $2 AND ${condition}`,
      [venue, symbol],
    );
    return { first: row?.first ?? Infinity, last: row?.last ?? 0 };
  };
  const [trades, quotes, served] = await Promise.all([
    readEnd('ticks', IN_STREAM),
    readEnd('quotes', IN_STREAM),
    readEnd('features', 'revision = 0'),
  ]);
  return {
    ticks: Math.min(trades.first, quotes.first),
    served: served.first,
    servedTo: served.last,
  };
}

interface Day extends TimeRange {
  readonly latenessUs: number;
}

/** Rows at the end of the day belong to it: their candles' ticks came before. */
async function compareDay(
  reader: SqlReader,
  instrument: Instrument,
  { fromUs, toUs, latenessUs }: Day,
  made: { readonly vectors: readonly FeatureVector[]; servedTo: number; report: ReplayReport },
): Promise<void> {
  const { vectors, servedTo, report } = made;
  const range = { fromUs: fromUs + 1, toUs: toUs + 1 };
  const all = await readServedFeatures(reader, instrument, range);
  const ours = all.filter(({ feature_set }) => feature_set === FEATURE_SET);
  // Nobody was served with what is of an import: it says nothing of how we served.
  const rows = ours.filter(({ imported_at = null }) => imported_at === null);
  const live = new Set(rows.map(({ ts }) => ts));
  const imported = new Set(ours.flatMap(({ ts }) => (live.has(ts) ? [] : [ts])));
  report.imported += imported.size;
  if (report.notComparable === null) {
    const parity = compareFeatures(
      rows.map(servedVector),
      vectors.filter(({ ts }) => ts > fromUs && !imported.has(ts)),
      fromUs,
      servedTo,
    );
    addUp(report.features, parity);
  }
  const shown = await firstKnownFrom(reader, instrument, toUs + latenessUs);
  if (rows.length > 0) {
    const read = {
      fromUs: Math.max(0, fromUs - US_PER_HOUR),
      toUs: (shown?.ts ?? toUs + latenessUs) + 1,
    };
    const ticks = await storedClocks(reader, instrument, { ...read, asOfUs: LATEST_US });
    const heartbeats = await readHeartbeats(reader, instrument, read);
    const arrivals = [...ticks, ...heartbeats].sort((a, b) => a.ts - b.ts);
    const served = rows.map(({ ts, known_at }) => ({ ts, knownAt: known_at }));
    report.tooEarly.push(...tooEarly(served, { ticks, arrivals, latenessUs }));
  }
  await compareLabels(reader, instrument, { ...range, latenessUs }, report.labels);
}

function addUp(sum: Compared, { checked, missing, extra, mismatches, first }: Parity): void {
  sum.checked += checked;
  sum.missing += missing;
  sum.extra += extra;
  sum.first ??= first;
  for (const [name, rows] of Object.entries(mismatches)) {
    sum.mismatches[name] = (sum.mismatches[name] ?? 0) + rows;
  }
}

/** What says which label it is; the rest is compared. */
const ABOUT = new Set(['ts', 'decided_ts', 'venue', 'symbol', 'label_spec', 'revision', 'flags']);

/** First labels (revision 0) of the range with what the prices known by then give. */
async function compareLabels(
  reader: SqlReader,
  instrument: Instrument,
  { fromUs, toUs, latenessUs }: Day,
  sum: Compared,
): Promise<void> {
  const { venue, symbol } = instrument;
  const labels = await reader.query<LabelRow>(
    `SELECT * FROM labels WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4
       AND revision = 0 AND imported_at IS NULL ORDER BY decided_ts, ts`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs)],
  );
  for (const labelSpec of new Set(labels.map(({ label_spec }) => label_spec))) {
    const served = labels.filter(({ label_spec }) => label_spec === labelSpec);
    const last = must(served.at(-1));
    const { horizonUs } = parseLabelSpec(labelSpec);
    const endUs = last.decided_ts + horizonUs + latenessUs;
    if ((await firstKnownFrom(reader, instrument, endUs)) === null) {
      sum.extra += served.length;
      continue;
    }
    for (const { source, decisions } of await bySource(reader, instrument, served)) {
      const graded = { fromUs: must(decisions[0]).decided_ts, endUs, source };
      const again = await labelRows(reader, {
        ...instrument,
        labelSpec,
        horizonUs,
        latenessUs,
        decisions,
        ...(await gradingInput(reader, instrument, graded)),
      });
      decisions.forEach((row, i) => compareLabel(row, again[i], sum));
    }
  }
}

function compareLabel(served: LabelRow, again: LabelRow | undefined, sum: Compared): void {
  if (again === undefined) {
    sum.extra += 1;
    return;
  }
  sum.checked += 1;
  const [stored, made] = [toCells(served), toCells(again)];
  for (const name of Object.keys(made)) {
    const [was, is] = [stored[name] ?? null, made[name] ?? null];
    if (ABOUT.has(name) || Object.is(was, is)) continue;
    sum.mismatches[name] = (sum.mismatches[name] ?? 0) + 1;
    sum.first ??= { ts: served.ts, name, served: was, again: is };
  }
}

const toCells = (row: LabelRow): Readonly<Record<string, Cell>> => ({ ...row });
