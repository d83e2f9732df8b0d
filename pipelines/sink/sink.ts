/**
 * records of the flow -> rows of QuestDB, and what a late tick was, judged by the stored rows
 *
 * Pure. Ticks and quotes are stored as they arrive and as first seen; a feature record becomes its
 * candles and one row of values, revision 0. Every row is a function of its record alone, so a
 * replay writes the same rows again and the dedup keys absorb them.
 */
import type { QualityKind } from '../../src/domain/records/quality-event.ts';
import { must } from '../../src/assert.ts';
import { timeframeUs, TIMEFRAMES } from '../../src/domain/candle.ts';
import { canonicalJson } from '../../src/domain/control.ts';
import type { MarketTick } from '../../src/domain/tick.ts';
import { floorTo, formatUs } from '../../src/domain/time.ts';
import type { Candle, Feature, Prediction } from '../../src/domain/wire.ts';
import type { Backfilled } from '../../src/postgres/tables/backfilled.ts';
import type { CandleRow } from '../../src/questdb/tables/candles.ts';
import type { FeatureRow } from '../../src/questdb/tables/features.ts';
import type { HeartbeatRow } from '../../src/questdb/tables/heartbeats.ts';
import type { PredictionRow } from '../../src/questdb/tables/predictions.ts';
import type { QualityRow } from '../../src/questdb/tables/quality-events.ts';
import { quoteRow, type QuoteRow } from '../../src/questdb/tables/quotes.ts';
import type { Instrument } from '../../src/questdb/table.ts';
import { tickRow, type HistoryRow, type TickRow } from '../../src/questdb/tables/ticks.ts';
import type { Moment } from '../../src/stream/operator.ts';
import type { Gap } from '../stream/ingest.ts';

/** The rows of one batch by table. */
export interface SinkRows {
  quality_events: QualityRow[];
  ticks: TickRow[];
  quotes: QuoteRow[];
  history_ticks: (TickRow & HistoryRow)[];
  history_quotes: (QuoteRow & HistoryRow)[];
  heartbeats: HeartbeatRow[];
  candles: CandleRow[];
  features: FeatureRow[];
  predictions: PredictionRow[];
}

export const emptySinkRows = (): SinkRows => ({
  quality_events: [],
  ticks: [],
  quotes: [],
  history_ticks: [],
  history_quotes: [],
  heartbeats: [],
  candles: [],
  features: [],
  predictions: [],
});

/**
 * Where in the log something stands: `topic/partition/offset`, and for item n (from 0) of a frame
 * `#n` behind it.
 */
export function formatSource(
  topic: string,
  partition: number,
  offset: string,
  position: number | null,
): string {
  const record = `${topic}/${partition}/${offset}`;
  return position === null ? record : `${record}#${position}`;
}

/** Adds the row of a trade or quote to its table. */
export function addTickRows(
  rows: Pick<SinkRows, 'ticks' | 'quotes'>,
  tick: MarketTick,
  knownAt: number,
  instrument: Instrument,
): void {
  if (tick.kind === 'trade') rows.ticks.push(tickRow(tick, knownAt, instrument));
  else rows.quotes.push(quoteRow(tick, knownAt, instrument));
}

type OriginRows = Pick<SinkRows, 'history_ticks' | 'history_quotes'>;
type Known = Instrument & { readonly tick: MarketTick; readonly knownAt: number };

/** The same for a tick that has an origin; returns the row. */
function rowWithOrigin(rows: OriginRows, { tick, knownAt, ...of }: Known, origin: HistoryRow) {
  if (tick.kind === 'trade') {
    const row = { ...tickRow(tick, knownAt, of), ...origin };
    rows.history_ticks.push(row);
    return row;
  }
  const row = { ...quoteRow(tick, knownAt, of), ...origin };
  rows.history_quotes.push(row);
  return row;
}

const isImport = <T extends Pick<LateTick, 'importedAt'>>(
  late: T,
): late is T & { readonly importedAt: number } => typeof late.importedAt === 'number';

/** Of history: with its own clock where it was imported. */
export const historyRow = (rows: OriginRows, late: LateTick): StoredRow =>
  rowWithOrigin(
    rows,
    late,
    isImport(late)
      ? { origin: 'import', imported_at: late.importedAt, came_by: 'backfill' }
      : { origin: 'backfill' },
  );

/** Of a tick of the stream that claims since when it is known. */
export const importRow = (
  rows: OriginRows,
  { importedAt, ...known }: Known & { readonly importedAt: number },
): StoredRow => rowWithOrigin(rows, known, { origin: 'import', imported_at: importedAt });

/** Of a tick that came behind the watermark; returns the row. */
export function lateRow(rows: SinkRows, late: LateTick): StoredRow {
  const { tick, knownAt } = late;
  if (isImport(late)) return importRow(rows, late);
  addTickRows(rows, tick, knownAt, late);
  return must(tick.kind === 'trade' ? rows.ticks.at(-1) : rows.quotes.at(-1));
}

export const heartbeatRow = (
  ts: number,
  knownAt: number,
  { venue, symbol }: Instrument,
  importedAt: number | null = null,
): HeartbeatRow => ({
  ts,
  known_at: knownAt,
  venue,
  symbol,
  ...importColumn(importedAt ?? undefined),
});

/** The column is only there where there is something to say. */
const importColumn = (importedAt: number | undefined): { readonly imported_at?: number } =>
  importedAt === undefined ? {} : { imported_at: importedAt };

/** Adds the candles of a feature record, and its values, all with the record's own moment. */
export function addFeatureRows(
  rows: Pick<SinkRows, 'candles' | 'features'>,
  record: Feature,
): void {
  for (const candle of record.candles) rows.candles.push(candleRow(candle, record));
  rows.features.push(featureRow(record));
}

function featureRow(record: Feature): FeatureRow {
  const { ts, decided_ts, known_at, venue, symbol, feature_set, feature_id, flags } = record;
  return {
    // Before the fixed columns, so that no value can take the place of one.
    ...record.values,
    ts,
    decided_ts,
    known_at,
    venue,
    symbol,
    feature_set,
    revision: 0,
    feature_id,
    flags: flags.join(','),
    ...importColumn(record.imported_at),
  };
}

const candleRow = (candle: Candle, of: Feature): CandleRow => ({
  ts: candle.start_ts,
  decided_ts: of.decided_ts,
  known_at: of.known_at,
  venue: of.venue,
  symbol: of.symbol,
  timeframe: candle.timeframe,
  price_source: candle.price_source,
  revision: 0,
  open: candle.open,
  high: candle.high,
  low: candle.low,
  close: candle.close,
  volume: candle.volume,
  trades: candle.trades,
  vwap: candle.vwap,
  flags: candle.flags.join(','),
  ...importColumn(of.imported_at),
});

export const predictionRow = (record: Prediction): PredictionRow => ({
  ts: record.ts,
  decided_ts: record.decided_ts,
  known_at: record.known_at,
  venue: record.venue,
  symbol: record.symbol,
  label_spec: record.label_spec,
  slot: record.slot,
  prediction_id: record.prediction_id,
  feature_id: record.feature_id,
  model_id: record.model_id,
  horizon_s: record.horizon_s,
  probability_up: record.probability_up,
  expected_return: record.expected_return,
  verdict: record.verdict,
  close: record.close,
  ...importColumn(record.imported_at),
});

/** The range of an instrument's history in hand, with one more tick of it. */
export const widened = (
  before: Backfilled | undefined,
  { instrument, ts, knownAt }: { instrument: string; ts: number; knownAt: number },
): Backfilled => ({
  instrument,
  fromTs: Math.min(before?.fromTs ?? ts, ts),
  toTs: Math.max(before?.toTs ?? ts, ts),
  knownAt: Math.max(before?.knownAt ?? knownAt, knownAt),
});

/** One row about the input. `instrument` is null where a malformed record does not have it. */
export const qualityRow = (
  kind: QualityKind,
  at: { readonly ts: number; readonly knownAt: number; readonly source: string },
  instrument: Instrument | null,
  detail: Readonly<Record<string, unknown>>,
): QualityRow => ({
  ts: at.ts,
  known_at: at.knownAt,
  venue: instrument?.venue ?? null,
  symbol: instrument?.symbol ?? null,
  kind,
  source: at.source,
  detail: canonicalJson(detail),
});

/** A jump in the ids of a venue that numbers its trades: at the first trade behind it. */
export const gapRow = (
  kind: 'gap' | 'reset',
  gap: Gap,
  moment: Moment,
  instrument: Instrument,
  source: string,
): QualityRow =>
  qualityRow(kind, { ts: gap.toTs, knownAt: moment.knownAt, source }, instrument, {
    from_id: gap.fromId,
    to_id: gap.toId,
    from_ts: formatUs(gap.fromTs),
    to_ts: formatUs(gap.toTs),
  });

/** A tick behind the watermark, or of history, with its place in the log. */
export interface LateTick extends Instrument {
  readonly tick: MarketTick;
  readonly knownAt: number;
  /** The note about it is known since then; the same, unless it is imported. */
  readonly notedAt?: number;
  /** When it came, if it is imported: then `knownAt` is its claim. */
  readonly importedAt?: number | null;
  readonly source: string;
  readonly isHistory: boolean;
}

export type StoredRow = TickRow | QuoteRow;

export type LateVerdict =
  | { readonly verdict: 'duplicate' }
  /** Recorded; the content that was there first stays. */
  | { readonly verdict: 'correction'; readonly event: QualityRow }
  /** Recorded, then stored with its own known_at. */
  | { readonly verdict: 'late'; readonly event: QualityRow };

/**
 * What a late tick was. `stored` is the row of its kind with its `ts` and id, if there is one;
 * `earlier` is the `quality_events` row of this very source, if there is one: then this is a replay
 * after a crash, in which `stored` may be the tick's own row, and the first verdict stands.
 */
export function lateVerdict(
  late: LateTick,
  stored: StoredRow | undefined,
  earlier: QualityRow | undefined,
): LateVerdict {
  if (earlier?.kind === 'late') return { verdict: 'late', event: earlier };
  if (earlier?.kind === 'correction') return { verdict: 'correction', event: earlier };
  if (stored === undefined) return { verdict: 'late', event: lateEvent(late) };
  if (sameContent(late.tick, stored)) return { verdict: 'duplicate' };
  return { verdict: 'correction', event: correctionRow(late, rowContent(stored)) };
}

function lateEvent(late: LateTick): QualityRow {
  const { tick } = late;
  const windows = TIMEFRAMES.map(({ name }) => [
    name,
    formatUs(floorTo(tick.ts, timeframeUs(name))),
  ]);
  const { kind, id } = tick;
  const detail = { tick: kind, id, ...tickContent(tick), windows: Object.fromEntries(windows) };
  return qualityRow('late', noteHead(late), late, detail);
}

/** A second content for an id that has one: `kept` stays, the tick's own is only recorded here. */
export function correctionRow(
  late: Omit<LateTick, 'isHistory'>,
  kept: Readonly<Record<string, unknown>>,
): QualityRow {
  const { tick } = late;
  const detail = { tick: tick.kind, id: tick.id, kept, seen: tickContent(tick) };
  return qualityRow('correction', noteHead(late), late, detail);
}

const noteHead = ({ tick, knownAt, notedAt = knownAt, source }: Omit<LateTick, 'isHistory'>) => ({
  ts: tick.ts,
  knownAt: notedAt,
  source,
});

/** What a tick says besides its time and id, under the names of the table's columns. */
export function tickContent(tick: MarketTick): Record<string, string | number | null> {
  const nowhere = { venue: '', symbol: '' };
  return rowContent(tick.kind === 'trade' ? tickRow(tick, 0, nowhere) : quoteRow(tick, 0, nowhere));
}

function rowContent(row: StoredRow): Record<string, string | number | null> {
  if ('bid' in row) {
    const { bid, ask, bid_size, ask_size } = row;
    return { bid, ask, bid_size, ask_size };
  }
  const { price, size, side } = row;
  return { price, size, side };
}

function sameContent(tick: MarketTick, row: StoredRow): boolean {
  if ('bid' in row) {
    return (
      sameOrAbsent(tick.bid, row.bid) &&
      sameOrAbsent(tick.ask, row.ask) &&
      sameOrAbsent(tick.bidSize, row.bid_size) &&
      sameOrAbsent(tick.askSize, row.ask_size)
    );
  }
  return tick.price === row.price && tick.size === row.size && tick.side === row.side;
}

const sameOrAbsent = (value: number, stored: number | null): boolean =>
  stored === null ? Number.isNaN(value) : value === stored;
