/** QuestDB -> how many decisions have a matured outcome. */
import { formatUs, US_PER_DAY } from '../../domain/time.ts';
import type { Instrument, SqlReader } from '../table.ts';

/** A quiet market decides days behind a candle's end (a weekend); never weeks. */
const DECIDED_WITHIN_US = 7 * US_PER_DAY;

/**
 * Decisions made behind `afterUs` and up to `untilUs` whose outcome matured, as first graded: a
 * function of event time alone once all of them are graded.
 */
export async function maturedBetween(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  request: { readonly labelSpec: string; readonly afterUs: number; readonly untilUs: number },
): Promise<number> {
  const { labelSpec, afterUs, untilUs } = request;
  const [row] = await reader.query<{ decisions: number }>(
    `SELECT count() AS decisions FROM labels
     WHERE venue = $1 AND symbol = $2 AND label_spec = $3 AND revision = 0 AND state = 'matured'
       AND ts >= $4 AND ts <= $5 AND decided_ts > $6 AND decided_ts <= $5`,
    [
      venue,
      symbol,
      labelSpec,
      formatUs(Math.max(0, afterUs - DECIDED_WITHIN_US)),
      formatUs(untilUs),
      formatUs(afterUs),
    ],
  );
  return row?.decisions ?? 0;
}
