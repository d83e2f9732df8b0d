/** `features` -> the regime of a market at each decision, by the values that were served. */
import { formatUs } from '../../domain/time.ts';
import { REGIME_FEATURES, classifyRegime, type Regime } from '../../learning/regime.ts';
import type { Instrument, SqlReader, TimeRange } from '../table.ts';

/** By `ts` of the decisions in [fromUs, toUs); null: the values do not show it. */
export async function readRegimes(
  reader: SqlReader,
  { venue, symbol }: Instrument,
  { fromUs, toUs }: TimeRange,
): Promise<Map<number, Regime | null>> {
  const [volatility, trend] = REGIME_FEATURES;
  const rows = await reader.query<{ ts: number; volatility: number | null; trend: number | null }>(
    `SELECT ts, ${volatility} AS volatility, ${trend} AS trend FROM features
     WHERE venue = $1 AND symbol = $2 AND ts >= $3 AND ts < $4 AND revision = 0`,
    [venue, symbol, formatUs(fromUs), formatUs(toUs)],
  );
  return new Map(rows.map((row) => [row.ts, classifyRegime(row.volatility, row.trend)]));
}
