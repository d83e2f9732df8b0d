/**
 * Questions about derived rows -> rows: candles, features, labels and predictions, with the
 * revision that was known at a given moment where that matters.
 */
import { formatUs, LATEST_US } from '../../domain/time.ts';
import type { CandleRow } from './candles.ts';
import type { FeatureRow } from './features.ts';
import type { LabelRow } from './labels.ts';
import type { PredictionRow } from './predictions.ts';
import { loadSql } from './sql.ts';
import type { Instrument, SqlReader, TimeRange } from '../table.ts';

/** The newest `limit` candles that start within the range, oldest first, highest revision. */
export async function readCandles(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { timeframe, fromUs, toUs, limit }: TimeRange & { timeframe: string; limit: number },
): Promise<CandleRow[]> {
  const params = [venue, symbol, timeframe, formatUs(fromUs), formatUs(toUs), limit];
  const rows = await reader.query<CandleRow>(loadSql('queries/candles_newest'), params);
  return rows.toReversed();
}

/** What was known by `asOfUs`; and of imports only what came by `importedByUs`: all of them. */
type KnownBy = TimeRange & { readonly asOfUs: number; readonly importedByUs?: number | undefined };

/** Feature rows whose `ts` lies in the range, each in the revision known by `asOfUs`. */
export function readFeaturesAsOf(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs, asOfUs, importedByUs = LATEST_US }: KnownBy,
): Promise<FeatureRow[]> {
  const times = [fromUs, toUs, asOfUs, importedByUs].map(formatUs);
  const params = [venue, symbol, ...times];
  return reader.query<FeatureRow>(loadSql('queries/features_as_of'), params);
}

/** Feature rows as the stream served them, revision 0, whatever was found out later. */
export function readServedFeatures(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs }: TimeRange,
): Promise<FeatureRow[]> {
  return reader.query<FeatureRow>(
    `SELECT * FROM features WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4
       AND revision = 0 ORDER BY ts`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs)],
  );
}

/** Labels of a spec whose `ts` lies in the range, each in the revision known by `asOfUs`. */
export function readLabelsAsOf(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  options: KnownBy & { labelSpec: string },
): Promise<LabelRow[]> {
  const { fromUs, toUs, asOfUs, labelSpec, importedByUs = LATEST_US } = options;
  const range = [formatUs(fromUs), formatUs(toUs), formatUs(asOfUs)];
  const params = [venue, symbol, ...range, labelSpec, formatUs(importedByUs)];
  return reader.query<LabelRow>(loadSql('queries/labels_as_of'), params);
}

/** The newest `limit` predictions of a spec within the range, all slots, oldest first. */
export async function readPredictions(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  options: TimeRange & { labelSpec: string; limit: number },
): Promise<PredictionRow[]> {
  const sql = `SELECT * FROM predictions WHERE venue = $1 AND symbol = $2 AND label_spec = $3
    AND ts >= $4 AND ts < $5 ORDER BY ts DESC LIMIT $6`;
  const { fromUs, toUs, labelSpec, limit } = options;
  const params = [venue, symbol, labelSpec, formatUs(fromUs), formatUs(toUs), limit];
  return (await reader.query<PredictionRow>(sql, params)).toReversed();
}

/** A decision whose horizon has passed: one per (instrument, `ts`, label spec), whatever slots. */
export interface Decision {
  readonly ts: number;
  readonly decided_ts: number;
  readonly horizon_s: number;
}

/**
 * The oldest `limit` decisions with `ts` from `fromUs` on that were made at or before
 * `decidedByUs` (the stored watermark - horizon - lateness), predict the spec `of` and have no
 * label of `labelSpec` yet.
 */
export function maturedWithoutLabel(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  options: { labelSpec: string; of: string; fromUs: number; decidedByUs: number; limit: number },
): Promise<Decision[]> {
  const { labelSpec, of, fromUs, decidedByUs, limit } = options;
  const params = [venue, symbol, labelSpec, formatUs(fromUs), formatUs(decidedByUs), limit, of];
  return reader.query<Decision>(loadSql('queries/matured_without_label'), params);
}
