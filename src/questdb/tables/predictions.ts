/** Predictions as served; one per (instrument, `ts`, label spec, slot). */
import type { Row } from '../../domain/records/fields.ts';
import type { StoredPrediction } from '../../domain/records/prediction.ts';
import type { QuestTable } from '../table.ts';

export type PredictionRow = Row<typeof StoredPrediction>;

export const predictions: QuestTable<PredictionRow> = {
  name: 'predictions',
  columns: {
    ts: 'timestamp',
    decided_ts: 'timestamp',
    known_at: 'timestamp',
    venue: 'symbol',
    symbol: 'symbol',
    label_spec: 'symbol',
    slot: 'symbol',
    prediction_id: 'varchar',
    feature_id: 'varchar',
    model_id: 'symbol',
    horizon_s: 'int',
    probability_up: 'double',
    expected_return: 'double',
    verdict: 'symbol',
    close: 'double',
    imported_at: 'timestamp',
  },
  keys: ['ts', 'venue', 'symbol', 'label_spec', 'slot'],
};
