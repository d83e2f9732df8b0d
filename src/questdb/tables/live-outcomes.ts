/** QuestDB -> what the slots of an instrument predicted, and what then happened. */
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import type { Instrument, SqlReader } from '../table.ts';

export interface LiveOutcomeRow {
  readonly ts: number;
  readonly decided_ts: number;
  readonly slot: string;
  readonly model_id: string;
  readonly probability_up: number;
  readonly expected_return: number;
  readonly verdict: string;
  readonly up: 0 | 1;
  readonly forward_return: number;
}

/** A quiet market decides days behind a candle's end (a weekend); never weeks. */
const DECIDED_WITHIN_US = 7 * US_PER_DAY;

/**
 * Predictions of `slots` decided from `fromUs` to `decidedByUs`, both included, whose label says
 * what happened, as it was first graded: a later revision must not change what was decided by it.
 * In order of decision.
 */
export async function liveOutcomes(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  request: {
    readonly labelSpec: string;
    readonly slots: readonly string[];
    readonly fromUs: number;
    readonly decidedByUs: number;
  },
): Promise<LiveOutcomeRow[]> {
  const { labelSpec, slots, fromUs, decidedByUs } = request;
  const places = slots.map((_, i) => `$${i + 7}`);
  const rows = await reader.query<LiveOutcomeRow>(
    `SELECT p.ts AS ts, p.decided_ts AS decided_ts, p.slot AS slot, p.model_id AS model_id,
       p.probability_up AS probability_up, p.expected_return AS expected_return,
       p.verdict AS verdict, l.up AS up, l.forward_return AS forward_return
     FROM (SELECT * FROM predictions
           WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $6 AND ts <= $5
             AND decided_ts >= $4 AND decided_ts <= $5 AND slot IN (${places.join(', ')})) p
     JOIN (SELECT ts, up, forward_return FROM labels
           WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND ts >= $6 AND ts <= $5
             AND revision = 0 AND state = 'matured') l ON p.ts = l.ts`,
    [
      venue,
      symbol,
      labelSpec,
      formatUs(fromUs),
      formatUs(decidedByUs),
      formatUs(Math.max(0, fromUs - DECIDED_WITHIN_US)),
      ...slots,
    ],
  );
  return rows.toSorted((a, b) => a.decided_ts - b.decided_ts || a.ts - b.ts);
}
