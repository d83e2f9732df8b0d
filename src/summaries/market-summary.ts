/** The tables -> each stored market in one row: what it can teach, who decides, how that does. */
import type { Pool } from 'pg';
import { instrumentKey } from '../domain/wire.ts';
import { storedWatermarks } from '../postgres/tables/stored-watermarks.ts';
import { modelOutcomes } from '../questdb/tables/model-outcomes.ts';
import type { Instrument, SqlReader } from '../questdb/table.ts';
import { trainingData } from '../questdb/tables/training-data.ts';
import { closedTrades, performanceBy, type GroupPerformance } from './trade-performance.ts';

export interface MarketSummary extends Instrument {
  /** Decisions with a matured outcome; of them the share that went up, and the newest. */
  readonly samples: number;
  readonly up_share: number | null;
  readonly last_sample_ts: number | null;
  /** The champion, or the baseline. */
  readonly model_id: string;
  /** Event time since its training; null of the baseline. */
  readonly model_age_us: number | null;
  /** Its eligible and graded predictions of the newest 30 days. */
  readonly graded: number;
  readonly hit_rate: number | null;
  /** Trades that closed in the newest `newestUs`, by account. */
  readonly trades: readonly GroupPerformance[];
}

export interface SummaryRequest {
  readonly labelSpec: string;
  /** How far back trades count, from the newest close of each market. */
  readonly newestUs: number;
  /** Who decides where there is no champion. */
  readonly baselineId: string;
}

interface Champion extends Instrument {
  readonly model_id: string;
  readonly trained_at: number;
}

export async function marketSummaries(
  pool: Pool,
  reader: SqlReader,
  { labelSpec, newestUs, baselineId }: SummaryRequest,
): Promise<MarketSummary[]> {
  const { rows: champions } = await pool.query<Champion>(
    `SELECT venue, symbol, model_id, trained_at FROM models
     WHERE state = 'champion' AND label_spec = $1`,
    [labelSpec],
  );
  const data = await trainingData(reader, { labelSpec });
  const { metrics } = await modelOutcomes(reader, { by: 'symbol', labelSpec });
  const trades = await performanceBy('symbol', await closedTrades(pool, { newestUs }), reader);
  return (await storedWatermarks(pool)).map(({ venue, symbol, reachedTs }) => {
    const key = instrumentKey({ venue, symbol });
    const isHere = (row: Instrument): boolean => instrumentKey(row) === key;
    const taught = data.find(isHere);
    const champion = champions.find(isHere);
    const model_id = champion?.model_id ?? baselineId;
    const outcomes = metrics.find((row) => row.group === key && row.model_id === model_id);
    return {
      venue,
      symbol,
      model_id,
      samples: taught?.samples ?? 0,
      up_share: taught?.up_share ?? null,
      last_sample_ts: taught?.last_ts ?? null,
      model_age_us: champion === undefined ? null : reachedTs - champion.trained_at,
      graded: outcomes?.rows ?? 0,
      hit_rate: outcomes?.hit_rate ?? null,
      trades: trades.filter(({ group }) => group === key),
    };
  });
}
