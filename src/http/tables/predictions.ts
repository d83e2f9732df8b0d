/** Prediction rows + the labels of the same moments -> graded predictions and their score. */
import { formatUs } from '../../domain/time.ts';
import type { Instrument, SqlReader } from '../../questdb/table.ts';
import type { LabelRow } from '../../questdb/tables/labels.ts';
import type { DbRow } from './postgres-list.ts';

export const OUTCOMES = ['right', 'wrong', 'undecided', 'void', 'pending'] as const;
export type Outcome = (typeof OUTCOMES)[number];

type GradedLabel = Pick<LabelRow, 'ts' | 'state' | 'up' | 'forward_return' | 'void_reason'>;

export interface Graded {
  readonly row: DbRow;
  readonly outcome: Outcome;
  readonly label: GradedLabel | null;
}

/** The rows (of one instrument) in their order, each with its label of this spec, if any. */
export async function gradedPredictions(
  reader: SqlReader,
  rows: readonly DbRow[],
  labelSpec: string,
): Promise<Graded[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const times = rows.map(({ ts }) => ts as number);
  const [low, high] = times.reduce(
    ([min, max], ts) => [Math.min(min, ts), Math.max(max, ts)] as const,
    [Infinity, -Infinity] as const,
  );
  const labels = await reader.query<GradedLabel>(
    `SELECT ts, state, up, forward_return, void_reason FROM labels_latest
      WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $4 AND ts <= $5`,
    [first['venue'] as string, first['symbol'] as string, labelSpec, formatUs(low), formatUs(high)],
  );
  const byTs = new Map(labels.map((label) => [label.ts, label]));
  return rows.map((row) => {
    const label = byTs.get(row['ts'] as number) ?? null;
    return { row, label, outcome: gradeOutcome(row['probability_up'] as number, label) };
  });
}

/** Whether the label went the way of the probability; one half points no way. */
export function gradeOutcome(
  probabilityUp: number,
  label: Pick<GradedLabel, 'state' | 'up'> | null,
): Outcome {
  if (label === null) return 'pending';
  if (label.state === 'void' || label.up === null) return 'void';
  if (probabilityUp === 0.5) return 'undecided';
  return probabilityUp > 0.5 === (label.up === 1) ? 'right' : 'wrong';
}

export interface Score {
  readonly matured: number;
  readonly right: number;
  readonly wrong: number;
  /** right / (right + wrong); null without any. */
  readonly hit_rate: number | null;
  /** Mean of (probability_up - up)^2 over matured predictions (Brier 1950). */
  readonly brier: number | null;
  /** The same of the rows' own base rate: what a constant would have scored at best. */
  readonly base_brier: number | null;
}

/** The score of graded predictions; void and pending ones count in nothing. */
export function scorePredictions(graded: readonly Graded[]): Score {
  const matured = graded.flatMap(({ row, label }) =>
    label !== null && label.state === 'matured' && label.up !== null
      ? [{ p: row['probability_up'] as number, up: label.up }]
      : [],
  );
  const count = (outcome: Outcome): number => graded.filter((g) => g.outcome === outcome).length;
  const [right, wrong] = [count('right'), count('wrong')];
  const mean = (values: number[]): number | null =>
    values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
  const base = mean(matured.map(({ up }) => up));
  return {
    matured: matured.length,
    right,
    wrong,
    hit_rate: right + wrong === 0 ? null : right / (right + wrong),
    brier: mean(matured.map(({ p, up }) => (p - up) ** 2)),
    base_brier: base === null ? null : base * (1 - base),
  };
}

/** The newest `limit` predictions that have a label, graded. */
export async function newestGraded(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  options: { labelSpec: string; slot: string; limit: number },
): Promise<Graded[]> {
  const { labelSpec, slot, limit } = options;
  // Nothing later than the newest label is graded: so the page is not spent on pending ones.
  const [newest] = await reader.query<{ ts: number | null }>(
    `SELECT max(ts) AS ts FROM labels WHERE venue = $1 AND symbol = $2 AND label_spec = $3`,
    [venue, symbol, labelSpec],
  );
  if (typeof newest?.ts !== 'number') return [];
  const rows = await reader.query<DbRow>(
    `SELECT ts, venue, symbol, model_id, probability_up, verdict FROM predictions
      WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND slot = $4 AND ts <= $5
      ORDER BY ts DESC LIMIT $6`,
    [venue, symbol, labelSpec, slot, formatUs(newest.ts), limit],
  );
  return gradedPredictions(reader, rows, labelSpec);
}
