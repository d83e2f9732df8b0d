/** Predictions as served; one per (instrument, `ts`, label spec, slot). */
import type { Instrument, QuestTable } from '../table.ts';

export interface PredictionRow extends Instrument {
  readonly ts: number;
  readonly decided_ts: number;
  readonly known_at: number;
  readonly label_spec: string;
  readonly slot: string;
  readonly prediction_id: string;
  readonly feature_id: string;
  readonly model_id: string;
  readonly horizon_s: number;
  readonly probability_up: number;
  readonly expected_return: number;
  readonly verdict: string;
  readonly close: number;
  /** When the record came that decided it, if that was imported. */
  readonly imported_at?: number | null;
}

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
