/** QuestDB -> features, outcomes and the champion's predictions of an instrument as known then. */
import { trainingSet, type TrainingSet } from '../../src/learning/training-set.ts';
import { formatUs } from '../../src/domain/time.ts';
import { FEATURE_NAMES } from '../../src/features/definition.ts';
import { readFeaturesAsOf, readLabelsAsOf } from '../../src/questdb/tables/readers.ts';
import type { Instrument, SqlReader } from '../../src/questdb/table.ts';
import type { Decisions } from './definition.ts';

export type LoadRequest = Instrument & Omit<Decisions, 'instruments'>;

export async function loadTrainingSet(
  reader: SqlReader,
  { venue, symbol, labelSpec, fromUs, toUs, asOfUs, importedByUs = 0 }: LoadRequest,
): Promise<TrainingSet> {
  const instrument = { venue, symbol };
  const range = { fromUs, toUs, asOfUs, importedByUs };
  const [features, labels, predictions] = await Promise.all([
    readFeaturesAsOf(reader, instrument, range),
    readLabelsAsOf(reader, instrument, { ...range, labelSpec }),
    reader.query<{ ts: number; probability_up: number; expected_return: number }>(
      `SELECT ts, probability_up, expected_return FROM predictions
       WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND slot = 'champion'
         AND ts >= $4 AND ts < $5 AND known_at <= $6
         AND (imported_at IS NULL OR imported_at <= $7) ORDER BY ts`,
      [venue, symbol, labelSpec, ...[fromUs, toUs, asOfUs, importedByUs].map(formatUs)],
    ),
  ]);
  const values = features.map((row) => ({
    ts: row.ts,
    decided_ts: row.decided_ts,
    values: FEATURE_NAMES.map(
      (name) => (row as unknown as Record<string, number | null>)[name] ?? null,
    ),
  }));
  const set = trainingSet(values, labels, predictions);
  const came = new Set(
    features.flatMap((row) => ((row.imported_at ?? null) === null ? [] : row.ts)),
  );
  return { ...set, imported: set.rowTs.filter((ts) => came.has(ts)).length };
}
